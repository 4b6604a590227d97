import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { isJsonObject, parseJson } from '../../src/core/json.ts'
import type { HeaderList } from '../../src/model/interaction.ts'
import { createRedactor, type Redactor } from '../../src/recording/redact/create-redactor.ts'

interface Item {
  id: string
  class: string
  record: JsonObject
  secrets: Record<string, { parts: string[] }>
  keep?: string[]
}

const FILE = join(import.meta.dirname, '../../../shared/corpus/planted/secrets.json')

/** Puts the secrets of an item into its templates. */
function fill(value: JsonValue, secrets: Item['secrets']): JsonValue {
  if (typeof value === 'string') {
    return value.replace(
      /\{\{(S\d)(?:\|(\w+)(?::(\d)\/(\d))?)?\}\}/g,
      (_, name: string, form?: string, k?: string, n?: string) => {
        const secret = secrets[name]?.parts.join('') ?? ''
        if (form === 'uri') return encodeURIComponent(secret)
        if (form === 'uesc')
          return secret.replace(/[\s\S]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
        if (form !== 'part') return secret
        const size = Math.ceil(secret.length / Number(n))
        return secret.slice(Number(k) * size, (Number(k) + 1) * size)
      },
    )
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, secrets))
  if (!isJsonObject(value)) return value
  if (value.$jsonstr !== undefined) return JSON.stringify(fill(value.$jsonstr, secrets))
  if (value.$b64 !== undefined) return Buffer.from(String(fill(value.$b64, secrets))).toString('base64')
  if (value.$raw !== undefined) return fill(value.$raw, secrets)
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [String(fill(key, secrets)), fill(item, secrets)]),
  )
}

/** The record as it would be written, its streams also as the text that they carry. */
function redact(record: JsonObject, redactor: Redactor): string {
  if (Array.isArray(record.chunks)) {
    const sse = record.chunks.map((chunk) => (typeof chunk === 'string' ? chunk : `data: ${JSON.stringify(chunk)}\n\n`))
    const chunks = redactor.chunks(sse.map((text, i) => [i, { text }]))
    const text = chunks.map(([, data]) => ('text' in data ? data.text : '')).join('')
    const contents = [...text.matchAll(/"content":("(?:[^"\\]|\\.)*")/g)].map(([, content = '']) =>
      String(parseJson(content)),
    )
    return JSON.stringify({ text, joined: contents.join('') })
  }
  if (!String(record.t).startsWith('http.')) return JSON.stringify(redactor.json(record))
  const headers = record.headers ?? []
  const list = (Array.isArray(headers) ? headers : Object.entries(headers as JsonObject)) as HeaderList
  const body = typeof record.body === 'string' ? redactor.text(record.body) : redactor.json(record.body ?? null)
  return JSON.stringify({ url: redactor.url(String(record.url ?? '')), headers: redactor.headers(list), body })
}

/** All that a text holds: itself and what its JSON, base64 and percent-encoding decode to, four levels deep. */
function expand(text: string, level = 0, seen = new Set<string>()): Set<string> {
  if (level > 4 || seen.has(text)) return seen
  seen.add(text)
  const visit = (value: JsonValue | undefined): void => {
    if (typeof value === 'string') expand(value, level + 1, seen)
    else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) {
        expand(key, level + 1, seen)
        visit(item)
      }
    }
  }
  visit(parseJson(text))
  if (/%[0-9A-F]{2}/i.test(text)) {
    try {
      expand(decodeURIComponent(text), level + 1, seen)
    } catch {
      seen.add(text) // a stray per cent sign
    }
  }
  if (/^[A-Za-z0-9+/]{16,}={0,2}$/.test(text)) expand(Buffer.from(text, 'base64').toString(), level + 1, seen)
  return seen
}

test.skipIf(!existsSync(FILE))(
  'finds every planted credential and changes no decoy given public examples of both',
  () => {
    const { items } = JSON.parse(readFileSync(FILE, 'utf8')) as { items: Item[] }
    const missed: string[] = []
    let credentials = 0
    for (const item of items) {
      const record = fill(item.record, item.secrets) as JsonObject
      const redacted = redact(record, createRedactor({ salt: '00112233445566778899aabbccddeeff' }))
      const views = [...expand(redacted)].join('\0')
      // Names, addresses, cards and the like are no credentials and stay.
      for (const [name, { parts }] of Object.entries(item.class === 'pii' ? {} : item.secrets)) {
        const secret = parts.join('')
        credentials++
        const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]
        if (forms.some((form) => views.includes(form))) missed.push(`${item.id} ${name}`)
      }
      for (const kept of item.keep ?? []) expect(views, item.id).toContain(kept)
      if (item.class === 'decoy') expect(redacted).toBe(JSON.stringify(record))
    }
    expect(missed).toEqual([])
    expect(credentials).toBeGreaterThan(30)
  },
)
