import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HttpInteraction, HttpRequest } from '../../src/model/interaction.ts'
import { locateMember } from '../../src/replay/mcp/locate-member.ts'
import { compareNames, renameMessages } from '../../src/replay/mcp/message-names.ts'

function ask(id: unknown, token?: unknown): HttpRequest {
  const meta = token === undefined ? {} : { _meta: { progressToken: token } }
  const text = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'x', ...meta } })
  return { method: 'POST', url: 'stdio:node+x', headers: [], body: { text } }
}

function answered(texts: string[]): HttpInteraction {
  const chunks = texts.map((text, i): [number, { text: string }] => [i, { text }])
  const length = String(Buffer.byteLength(texts.join('')))
  const answer = {
    status: 200,
    status_text: 'OK',
    headers: [['content-length', length]] as [string, string][],
    headers_ms: 0,
    chunks,
  }
  return {
    id: 'c1',
    kind: 'http',
    door: 'stdio',
    request: ask(5, 5),
    started_ms: 0,
    answer,
    end: { kind: 'complete', offset_ms: 9 },
  }
}

const json = fc.jsonValue({ maxDepth: 3 })

test('finds a member by its path in any text of an object', () => {
  fc.assert(
    fc.property(json, json, json, fc.constantFrom(0, 2), (before, value, after, indent) => {
      const object = { before, id: value, params: { x: after, 'a"b': value }, after }
      const text = JSON.stringify(object, null, indent)
      for (const keys of [['id'], ['params', 'a"b']]) {
        const place = locateMember(text, keys)
        expect(place && JSON.parse(text.slice(place.from, place.to))).toEqual(JSON.parse(JSON.stringify(value)))
      }
      expect(locateMember(text, ['params', 'id'])).toBeNull()
    }),
    { verbose: 1 },
  )
})

test('renames what names the request and nothing else, in documents, events and lines cut anywhere', () => {
  fc.assert(
    fc.property(
      json,
      fc.constantFrom('document', 'events', 'lines'),
      fc.array(fc.nat(400)),
      fc.integer({ min: 6 }),
      (value, form, cuts, id) => {
        const progress = (token: number) => ({
          method: 'notifications/progress',
          params: { progressToken: token, id: 5 },
        })
        const result = (name: number) => ({ result: { value, id: 5, progressToken: 5 }, jsonrpc: '2.0', id: name })
        const asked = { jsonrpc: '2.0', id: 5, method: 'sampling/createMessage', params: {} }
        const write = (name: number): string => {
          const messages =
            form === 'document' ? [result(name)] : [progress(name), asked, { id: 4, result: {} }, result(name)]
          const texts = messages.map((message) => JSON.stringify(message))
          if (form === 'document') return texts.join('')
          return texts.map((text) => (form === 'events' ? `event: message\ndata: ${text}\n\n` : `${text}\n`)).join('')
        }
        const whole = write(5)
        const places = [...new Set(cuts.map((cut) => cut % whole.length))].sort((a, b) => a - b)
        const pieces = [0, ...places].map((from, i) => whole.slice(from, places[i] ?? whole.length))
        const names = compareNames(ask(5, 5), ask(id, id))
        const renamed = renameMessages(answered(pieces), names as NonNullable<typeof names>)
        const { chunks, headers } = renamed.answer as NonNullable<HttpInteraction['answer']>
        expect(chunks.map(([, data]) => (data as { text: string }).text).join('')).toBe(write(id))
        expect(chunks.map(([offset]) => offset)).toEqual(pieces.map((_, i) => i))
        expect(headers).toEqual([['content-length', String(Buffer.byteLength(write(id)))]])
      },
    ),
    { verbose: 1 },
  )
})

test('names nothing anew given equal names, and gives the very answer', () => {
  expect(compareNames(ask(5, 5), ask(5, 5))).toBeNull()
  expect(compareNames(ask(5), ask('5'))).toMatchObject({ ids: new Map([['5', '"5"']]) })
  const recorded = answered(['{"jsonrpc":"2.0","id":9,"result":{}}'])
  const names = compareNames(ask(5), ask(6))
  expect(renameMessages(recorded, names as NonNullable<typeof names>)).toBe(recorded)
})
