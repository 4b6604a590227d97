import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { importHar } from '../../src/interchange/import-har.ts'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { buildEntry, buildHar, type EntryParts } from './build-har.ts'

const JSON_TEXT = '{"answer":"grün"}'
const CODERS = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
} as const

function importOne(parts: EntryParts): HttpInteraction {
  const { interactions } = importHar(buildHar(buildEntry(parts)), { path: 'run.har' })
  expect(interactions).toHaveLength(1)
  return interactions[0] as HttpInteraction
}

function bodyOf(parts: EntryParts): unknown[] {
  return (importOne(parts).answer?.chunks ?? []).map(([, data]) => data)
}

function chunked(bytes: Buffer, size: number, encoding: 'base64' | 'hex'): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size).toString(encoding))
  return JSON.stringify(parts)
}

test('keeps a plain JSON body to the byte', () => {
  const text = '{ "b": 1,\n "a": 2.0 }'
  expect(bodyOf({ content: { size: text.length, mimeType: 'application/json', text } })).toEqual([{ text }])
})

test('keeps a text body and its headers given a coding that the tool removed already', () => {
  const interaction = importOne({
    headers: { 'Content-Encoding': 'br', 'Content-Type': 'application/json' },
    content: { size: 99, text: JSON_TEXT },
  })
  expect(interaction.answer?.chunks).toEqual([[200, { text: JSON_TEXT }]])
  expect(interaction.answer?.headers).toEqual([
    ['content-encoding', 'br'],
    ['content-type', 'application/json'],
  ])
})

test('decodes base64 to text given bytes that are UTF-8, and keeps base64 given others', () => {
  const text = Buffer.from(JSON_TEXT).toString('base64')
  expect(bodyOf({ content: { size: 1, encoding: 'base64', text } })).toEqual([{ text: JSON_TEXT }])
  const binary = Buffer.from([0, 0, 1, 0xfb, 0xff]).toString('base64')
  const headers = { 'content-type': 'application/vnd.amazon.eventstream' }
  expect(bodyOf({ headers, content: { size: 5, encoding: 'base64', text: binary } })).toEqual([{ base64: binary }])
})

test.for(Object.keys(CODERS) as (keyof typeof CODERS)[])(
  'removes %s given a list of chunks coded separately',
  (coding) => {
    const bytes = CODERS[coding](Buffer.from(JSON_TEXT.repeat(40)))
    for (const size of [1, 7, bytes.length]) {
      const parts = {
        headers: { 'content-encoding': coding },
        content: { encoding: 'base64', text: chunked(bytes, size, 'base64') },
      }
      expect(bodyOf(parts)).toEqual([{ text: JSON_TEXT.repeat(40) }])
    }
  },
)

test.for(Object.keys(CODERS) as (keyof typeof CODERS)[])(
  'removes %s given one base64 text of coded bytes',
  (coding) => {
    const text = CODERS[coding](Buffer.from(JSON_TEXT)).toString('base64')
    expect(bodyOf({ headers: { 'content-encoding': coding }, content: { encoding: 'base64', text } })).toEqual([
      { text: JSON_TEXT },
    ])
  },
)

test('removes deflate given bare data without the zlib frame', () => {
  const bytes = deflateRawSync(Buffer.from(JSON_TEXT.repeat(9)))
  const content = { encoding: 'base64', text: chunked(bytes, 5, 'base64') }
  expect(bodyOf({ headers: { 'content-encoding': 'deflate' }, content })).toEqual([{ text: JSON_TEXT.repeat(9) }])
})

test('removes several codings in reverse order', () => {
  const bytes = brotliCompressSync(gzipSync(Buffer.from(JSON_TEXT)))
  const content = { encoding: 'base64', text: chunked(bytes, 9, 'base64') }
  expect(bodyOf({ headers: { 'content-encoding': 'gzip, br' }, content })).toEqual([{ text: JSON_TEXT }])
})

test.for(Object.keys(CODERS))('takes base64 as decoded given a %s header over bytes that are not coded', (coding) => {
  const text = Buffer.from(JSON_TEXT).toString('base64')
  const parts = { headers: { 'content-encoding': coding }, content: { encoding: 'base64', text } }
  expect(bodyOf(parts)).toEqual([{ text: JSON_TEXT }])
  const binary = Buffer.from([7, 0xff, 0xfe, 0, 1, 2])
  const sized = { encoding: 'base64', size: binary.length, text: binary.toString('base64') }
  expect(bodyOf({ ...parts, content: sized })).toEqual([{ base64: binary.toString('base64') }])
})

test('decodes hex given the binary flag of old Polly files, whole or in chunks', () => {
  const bytes = Buffer.from([1, 0xff, 2])
  expect(bodyOf({ content: { _isBinary: true, text: bytes.toString('hex') } })).toEqual([
    { base64: bytes.toString('base64') },
  ])
  const headers = { 'content-encoding': 'gzip' }
  const text = chunked(gzipSync(JSON_TEXT), 6, 'hex')
  expect(bodyOf({ headers, content: { _isBinary: true, text } })).toEqual([{ text: JSON_TEXT }])
  expect(bodyOf({ headers, content: { text } })).toEqual([{ text: JSON_TEXT }])
})

test('keeps a JSON list of strings as text given no content coding', () => {
  expect(bodyOf({ content: { text: '["00","ff"]' } })).toEqual([{ text: '["00","ff"]' }])
})

test('takes encoding utf8 as text', () => {
  expect(bodyOf({ content: { encoding: 'utf8', text: JSON_TEXT } })).toEqual([{ text: JSON_TEXT }])
})

test('gives a streamed answer as one chunk at its end and says that chunk times are unknown', () => {
  const text = 'data: {"a":1}\n\ndata: [DONE]\n\n'
  const entry = buildEntry({ headers: { 'content-type': 'text/event-stream' }, content: { text } })
  const { interactions, notes, report } = importHar(buildHar(entry, entry), { path: 'run.har' })
  expect(interactions[0]?.answer?.chunks).toEqual([[200, { text }]])
  expect(notes).toMatchObject([{ code: 'chunk_times_unknown', data: { entries: [0, 1], interactions: ['c1', 'c2'] } }])
  expect(report.replayable).toBe(true)
})

test.for([
  { response: { status: 204, statusText: 'No Content' }, content: { size: 0 } },
  { content: { size: 0, mimeType: 'x-unknown' }, headers: { 'content-length': '0' } },
  { content: { size: 0, text: '' } },
  { request: { method: 'HEAD' }, content: { size: 300 }, headers: { 'content-length': '300' } },
  { response: { content: null } },
] as EntryParts[])('gives a complete answer without chunks given an empty body: %j', (parts) => {
  expect(importOne(parts)).toMatchObject({ answer: { chunks: [] }, end: { kind: 'complete' } })
})

test.for([
  { content: { size: 120, mimeType: 'application/json' } },
  { content: { size: 0 }, headers: { 'content-length': '17' } },
  { content: {}, response: { bodySize: 40, content: {} } },
  { content: { size: 0 }, headers: { 'content-type': 'text/event-stream' } },
] as EntryParts[])('leaves the end open given an answer whose body was not exported: %j', (parts) => {
  const { interactions, notes, report } = importHar(buildHar(buildEntry(parts)), { path: 'run.har' })
  expect(interactions[0]).toMatchObject({ answer: { status: 200, chunks: [] }, end: null })
  expect(notes.map(({ code }) => code)).toEqual(['answer_body_missing'])
  expect(report.replayable).toBe(false)
})

test('reads request bodies given as text, base64 in three spellings, hex and form parameters', () => {
  const base64 = Buffer.from(JSON_TEXT).toString('base64')
  const bodyGiven = (postData: Record<string, string | boolean | object>) =>
    importOne({ request: { postData: postData as never } }).request.body
  expect(bodyGiven({ mimeType: 'application/json', params: [], text: JSON_TEXT })).toEqual({ text: JSON_TEXT })
  expect(bodyGiven({ text: base64, encoding: 'base64' })).toEqual({ text: JSON_TEXT })
  expect(bodyGiven({ text: base64, _base64: true })).toEqual({ text: JSON_TEXT })
  expect(bodyGiven({ _base64: Buffer.from([0xff]).toString('base64') })).toEqual({ base64: '/w==' })
  expect(bodyGiven({ _isBinary: true, text: '00ff' })).toEqual({ base64: 'AP8=' })
  const params = [{ name: 'q', value: 'a b&c' }, { name: 'empty' }]
  expect(bodyGiven({ mimeType: 'application/x-www-form-urlencoded', params })).toEqual({ text: 'q=a+b%26c&empty=' })
})

test('gives a null request body given none', () => {
  expect(importOne({ request: { method: 'GET', bodySize: 0, postData: null } }).request.body).toBeNull()
})

test.for([
  { request: { postData: null, bodySize: 70 } },
  { request: { postData: { mimeType: 'multipart/form-data', params: [{ name: 'f', fileName: 'a.txt' }] } } },
] as EntryParts[])('says that a request body is missing given one that was not exported: %j', (parts) => {
  const { interactions, notes, report } = importHar(buildHar(buildEntry(parts)), { path: 'run.har' })
  expect(interactions[0]?.request.body).toBeNull()
  expect(notes.map(({ code }) => code)).toEqual(['request_body_missing'])
  expect(report.replayable).toBe(false)
})

test('replaces half surrogates and says so given text that no bytes can stand for', () => {
  const har = buildHar(buildEntry({ content: { text: 'a\ud83d' } }))
  const { interactions, notes } = importHar(har, { path: 'run.har' })
  expect(interactions[0]?.answer?.chunks).toEqual([[200, { text: 'a\ufffd' }]])
  expect(notes.map(({ code }) => code)).toEqual(['lossy'])
})
