import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { HeaderList, HttpAnswer, HttpRequest } from '../../src/model/interaction.ts'
import { asPayload } from '../../src/model/interaction.ts'
import { MALFORMED } from '../../src/providers/model-error.ts'
import { readModelRequest } from '../../src/providers/registry.ts'
import { post } from './wire-samples.ts'

const corpus = join(import.meta.dirname, '../../../shared/corpus')

/** One exchange of a public recording, whatever format it was kept in. */
interface Exchange {
  request: HttpRequest
  answer: HttpAnswer
}

function exchange(url: string, sent: unknown, status: number, headers: HeaderList, body: string | Buffer): Exchange {
  const request = post(url, typeof sent === 'string' ? JSON.parse(sent || '{}') : (sent ?? {}))
  const plain = Buffer.isBuffer(body) && body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body
  return { request, answer: { status, status_text: '', headers, headers_ms: 0, chunks: [[1, asPayload(plain)]] } }
}

interface HarEntry {
  request: { url: string; postData?: { text?: string } }
  response: {
    status: number
    headers: { name: string; value: string }[]
    content: { encoding?: string; text?: string }
  }
}

function readHar(text: string): Exchange[] {
  const { log } = JSON.parse(text) as { log: { entries: HarEntry[] } }
  return log.entries.map(({ request, response: { status, headers, content } }) => {
    const { text: body = '', encoding } = content
    const parts = encoding === 'base64' && body.startsWith('[') ? (JSON.parse(body) as string[]) : [body]
    const bytes = encoding === 'base64' ? Buffer.concat(parts.map((part) => Buffer.from(part, 'base64'))) : body
    return exchange(
      request.url,
      request.postData?.text ?? '{}',
      status,
      headers.map(({ name, value }) => [name, value]),
      bytes,
    )
  })
}

interface NockEntry {
  scope: string
  path: string
  body: unknown
  status: number
  response: unknown
  rawHeaders: string[]
  responseIsBinary?: boolean
}

function readNock(text: string): Exchange[] {
  return (JSON.parse(text) as NockEntry[]).map(({ scope, path, body, status, response, rawHeaders }) => {
    const headers = rawHeaders.flatMap((name, i): HeaderList => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? '']] : []))
    const isHex = typeof response === 'string' && /^(?:[0-9a-f]{2})+$/.test(response)
    const bytes = isHex ? Buffer.from(response as string, 'hex') : JSON.stringify(response)
    return exchange(scope + path, body, status, headers, bytes)
  })
}

interface DatadogEntry {
  request: { url: string; body: string }
  response: { status: { code: number }; headers: Record<string, string>; body: string }
}

function readDatadog(text: string): Exchange[] {
  const { request, response } = JSON.parse(text) as DatadogEntry
  const { body, headers } = response
  const bytes = body.startsWith('base64:') ? Buffer.from(body.slice(7), 'base64') : body
  return [exchange(request.url, request.body, response.status.code, Object.entries(headers), bytes)]
}

interface VcrEntry {
  request: { uri: string; body?: string; parsed_body?: unknown }
  response: {
    status: { code: number }
    headers: Record<string, string[]>
    body?: { string?: string | Uint8Array }
    parsed_body?: unknown
  }
}

function readVcr(text: string): Exchange[] {
  const { interactions = [] } = parse(text) as { interactions?: VcrEntry[] }
  return interactions.flatMap(({ request, response }) => {
    // A conversation over a socket has neither.
    if (request === undefined || response?.status === undefined) return []
    const headers = Object.entries(response.headers ?? {}).map(([name, [value]]): [string, string] => [
      name,
      String(value),
    ])
    const body = response.body?.string ?? JSON.stringify(response.parsed_body ?? '')
    const bytes = typeof body === 'string' ? body : Buffer.from(body)
    const sent = request.parsed_body ?? request.body ?? {}
    const isJson = typeof sent !== 'string' || /^\s*\{/.test(sent)
    return [exchange(request.uri, isJson ? sent : {}, response.status.code, headers, bytes)]
  })
}

const SOURCES: [pattern: string, read: (text: string) => Exchange[]][] = [
  ['har/openllmetry-js/**/*.har', readHar],
  ['har/openinference-js-bedrock-agent/**/*.har', readHar],
  ['har/nock-otel-js-contrib/**/bedrock-*.json', readNock],
  ['vcr/dd-trace-js/{bedrock-runtime,genai}/*.json', readDatadog],
  ['vcr/{pydantic-ai,crewai,openinference-python}/**/*.yaml', readVcr],
]

const CLOUDS = ['gemini', 'bedrock-converse', 'bedrock-invoke']

test.skipIf(!existsSync(corpus))('reads every answer of Gemini and Bedrock in the public recordings', () => {
  const seen = new Map<string, number>()
  const counted = new Map<string, number>()
  for (const [pattern, read] of SOURCES) {
    for (const file of globSync(pattern, { cwd: corpus })) {
      for (const { request, answer } of read(readFileSync(join(corpus, file), 'utf8'))) {
        const found = readModelRequest(request)
        const isTheirs = /:(?:streamG|g)enerateContent|\/(?:converse|invoke)(?:-|$|\?)/.test(request.url)
        if (isTheirs) expect(CLOUDS, `${file} ${request.url}`).toContain(found?.protocol.id)
        if (found === null || !isTheirs) continue
        const id = found.protocol.id
        seen.set(id, (seen.get(id) ?? 0) + 1)
        const { complete, error, usage, text, tool_calls, finish } = found.protocol.readAnswer(answer)
        const where = { file, url: request.url }
        expect({ ...where, model: found.request.model }).toEqual({ ...where, model: expect.stringMatching(/\w/) })
        expect({ ...where, asked: found.request.messages.length > 0 }).toEqual({ ...where, asked: true })
        expect({ ...where, type: error?.type }).not.toEqual({ ...where, type: MALFORMED })
        if (answer.status >= 400) continue
        expect({ ...where, complete, error }).toEqual({ ...where, complete: true, error: null })
        expect({ ...where, finish }).toEqual({ ...where, finish: expect.stringMatching(/^(?:end|length|tool)$/) })
        expect({ ...where, says: text !== '' || tool_calls.length > 0 }).toEqual({ ...where, says: true })
        if (usage !== null) counted.set(id, (counted.get(id) ?? 0) + 1)
      }
    }
  }
  expect(seen.get('gemini')).toBeGreaterThan(25)
  expect(seen.get('bedrock-converse')).toBeGreaterThan(12)
  expect(seen.get('bedrock-invoke')).toBeGreaterThan(35)
  // Some recordings were written by hand, without counts.
  expect(counted.get('gemini')).toBeGreaterThan(25)
  expect(counted.get('bedrock-converse')).toBeGreaterThan(12)
  expect(counted.get('bedrock-invoke')).toBeGreaterThan(28)
})
