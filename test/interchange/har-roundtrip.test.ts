import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import { importHar } from '../../src/interchange/import-har.ts'
import {
  type HeaderList,
  type HttpInteraction,
  type Payload,
  payloadBytes,
  toPayload,
} from '../../src/model/interaction.ts'

const ORIGIN = Date.parse('2026-03-01T10:00:00.000Z')
const CODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync }
type Coding = keyof typeof CODERS

const ms = fc.integer({ min: 0, max: 5_000_000 }).map((micros) => micros / 1000)
const headers: fc.Arbitrary<HeaderList> = fc.array(
  fc.tuple(
    fc.stringMatching(/^x-[a-z0-9-]{1,10}$/),
    fc
      .string({
        unit: fc
          .integer({ min: 0x20, max: 0xff })
          .filter((c) => c !== 0x7f)
          .map((c) => String.fromCharCode(c)),
      })
      .map((value) => value.trim()),
  ),
  { maxLength: 4 },
)
const body: fc.Arbitrary<Payload | null> = fc.oneof(
  fc.constant(null),
  fc
    .string({ unit: 'binary', minLength: 1 })
    .filter((text) => text.isWellFormed())
    .map((text): Payload => ({ text })),
  fc.json().map((text): Payload => ({ text })),
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map(toPayload),
)
const request = fc.record({
  method: fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE'),
  url: fc.webUrl({ withQueryParameters: true }).map((url) => new URL(url).href),
  headers,
  body,
})
const failure = fc.constantFrom('net::ERR_CONNECTION_REFUSED', 'net::ERR_TIMED_OUT')
const sample = fc.record({
  started_ms: fc.integer({ min: 0, max: 60_000 }),
  request,
  status: fc.constantFrom(200, 201, 400, 429, 500, 503),
  status_text: fc.constantFrom('', 'OK', 'Too Many Requests'),
  headers,
  times: fc.tuple(ms, ms).map(([a, b]) => (a < b ? [a, b] : [b, a]) as [number, number]),
  body,
  failure: fc.option(failure, { freq: 5 }),
  coding: fc.option(fc.constantFrom(...(Object.keys(CODERS) as Coding[]))),
  chunkSize: fc.integer({ min: 1, max: 40 }),
})
type Sample = typeof sample extends fc.Arbitrary<infer T> ? T : never

test('gives the interactions back that a HAR was made from', () => {
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 6 }), fc.boolean(), (samples, reversed) => {
      const sorted = [...samples].sort((a, b) => a.started_ms - b.started_ms)
      const entries = sorted.map((one, order) => toEntry(one, order))
      const har = JSON.stringify({ log: { entries: reversed ? entries.reverse() : entries } })
      const { interactions, run } = importHar(har, { path: 'run.har', started_at: ORIGIN })
      expect(run.started_at).toBe(ORIGIN)
      expect(interactions).toEqual(sorted.map((one, i) => toInteraction(one, `c${i + 1}`)))
    }),
  )
})

test('gives the same interactions whether bodies are text, base64 or coded chunks', () => {
  fc.assert(
    fc.property(sample, fc.constantFrom(...(Object.keys(CODERS) as Coding[])), (one, coding) => {
      const forms = [
        { ...one, coding: null },
        { ...one, coding },
      ].map((form) => {
        const har = JSON.stringify({ log: { entries: [toEntry(form, 0)] } })
        return importHar(har, { path: 'run.har' }).interactions[0]?.answer?.chunks
      })
      expect(forms[0]).toEqual(forms[1])
    }),
  )
})

function answerHeaders(one: Sample): HeaderList {
  return one.coding === null ? one.headers : [...one.headers, ['content-encoding', one.coding]]
}

function toInteraction(one: Sample, id: string): HttpInteraction {
  const [headers_ms, total] = one.times
  const base = { kind: 'http', door: 'fetch', id, started_ms: one.started_ms, request: one.request } as const
  if (one.failure !== null) {
    const code = one.failure.endsWith('REFUSED') ? 'ECONNREFUSED' : 'ETIMEDOUT'
    const error = { name: 'Error', message: one.failure, code }
    return { ...base, answer: null, end: { kind: 'failed', offset_ms: total, error } }
  }
  const chunks: [number, Payload][] = one.body === null ? [] : [[total, one.body]]
  const { status, status_text } = one
  const answer = { status, status_text, headers: answerHeaders(one), headers_ms, chunks }
  return { ...base, answer, end: { kind: 'complete', offset_ms: total } }
}

function toEntry(one: Sample, order: number): JsonValue {
  const [headersMs, total] = one.times
  const pairs = (list: HeaderList) => list.map(([name, value]) => ({ name: name.toUpperCase(), value }))
  const sent = one.request.body
  const postData =
    sent === null ? null : 'text' in sent ? { text: sent.text } : { text: sent.base64, encoding: 'base64' }
  return {
    startedDateTime: new Date(ORIGIN + one.started_ms).toISOString(),
    _order: order,
    time: total,
    timings: { blocked: -1, send: 0, wait: headersMs, receive: total - headersMs },
    request: { method: one.request.method, url: one.request.url, headers: pairs(one.request.headers), postData },
    response: {
      status: one.failure === null ? one.status : 0,
      statusText: one.status_text,
      headers: pairs(answerHeaders(one)),
      _error: one.failure,
      content: one.failure === null ? toContent(one) : {},
    },
  }
}

function toContent(one: Sample): JsonValue {
  if (one.body === null) return { size: 0 }
  if (one.coding !== null) {
    const bytes = CODERS[one.coding](payloadBytes(one.body))
    const parts: string[] = []
    for (let at = 0; at < bytes.length; at += one.chunkSize) {
      parts.push(bytes.subarray(at, at + one.chunkSize).toString('base64'))
    }
    return { encoding: 'base64', text: JSON.stringify(parts) }
  }
  return 'text' in one.body ? { text: one.body.text } : { text: one.body.base64, encoding: 'base64' }
}
