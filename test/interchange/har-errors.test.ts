import { deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { isRetrialError, type RetrialError } from '../../src/core/errors.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { importHar } from '../../src/interchange/import-har.ts'
import { buildEntry, buildHar, type EntryParts } from './build-har.ts'

function refusal(text: string, options = {}): RetrialError {
  try {
    importHar(text, { path: 'bad.har', ...options })
  } catch (error) {
    if (isRetrialError(error)) return error
    throw error
  }
  throw new Error('the file was not refused')
}

test.for([
  ['<html></html>', 1, 1],
  ['{\n  "log": {,}\n}', 2, 11],
  ['{"log": {"entries": [', 1, 22],
  ['', 1, 1],
  ['{"log": tru}', 1, 9],
  ['{"a": "x\ny"}', 1, 9],
  ['{"a": 1}\n\n  x', 3, 3],
] as const)('refuses what is not JSON and says where: %j', ([text, line, column]) => {
  const error = refusal(text)
  expect(error.code).toBe('ERR_INTERCHANGE_JSON')
  expect(error.location).toEqual({ path: 'bad.har', line, column })
})

test('accepts a byte order mark', () => {
  expect(importHar(`\uFEFF${buildHar(buildEntry())}`, { path: 'a.har' }).interactions).toHaveLength(1)
})

test.for(['[]', 'null', '3', '{}', '{"log":[]}', '{"log":{"entries":{}}}'])(
  'refuses JSON without a list of entries: %s',
  (text) => {
    expect(refusal(text)).toMatchObject({ code: 'ERR_INTERCHANGE_NOT_HAR', location: { path: 'bad.har' } })
  },
)

test('refuses a text that is too long, before parsing it', () => {
  expect(refusal(' '.repeat(512_000_001)).code).toBe('ERR_INTERCHANGE_TOO_LARGE')
})

const BAD_ENTRIES: [what: string, entry: JsonValue, code: string][] = [
  ['no object', 7, 'ERR_INTERCHANGE_ENTRY'],
  ['no request', { response: { status: 200 } }, 'ERR_INTERCHANGE_ENTRY'],
  ['no response', { request: { method: 'GET', url: 'https://a.example/' } }, 'ERR_INTERCHANGE_ENTRY'],
  ['no method', buildEntry({ request: { method: 'GET it' } }), 'ERR_INTERCHANGE_ENTRY'],
  ['impossible status', buildEntry({ response: { status: 999 } }), 'ERR_INTERCHANGE_ENTRY'],
  ['a header name with a space', buildEntry({ headers: { 'a b': '1' } }), 'ERR_INTERCHANGE_ENTRY'],
  ['a header with a NUL', buildEntry({ headers: { a: 'x\u0000y' } }), 'ERR_INTERCHANGE_ENTRY'],
  ['a relative URL', buildEntry({ request: { url: '/v1/chat' } }), 'ERR_INTERCHANGE_URL'],
  ['no base64', body({ encoding: 'base64', text: '{"a":1}' }), 'ERR_INTERCHANGE_BODY'],
  ['cut base64', body({ encoding: 'base64', text: 'abcde' }), 'ERR_INTERCHANGE_BODY'],
  ['no hex', body({ _isBinary: true, text: 'xyz' }), 'ERR_INTERCHANGE_BODY'],
  ['an unknown encoding', body({ encoding: 'rot13', text: 'n' }), 'ERR_INTERCHANGE_BODY'],
  ['a broken list', body({ encoding: 'base64', text: '["AA==",' }), 'ERR_INTERCHANGE_BODY'],
  ['a list of numbers', body({ encoding: 'base64', text: '[1]' }), 'ERR_INTERCHANGE_BODY'],
  [
    'gzip cut short',
    body({ encoding: 'base64', text: list(gzipSync('x'.repeat(500)).subarray(0, 12)) }, 'gzip'),
    'ERR_INTERCHANGE_BODY',
  ],
  ['no gzip', body({ encoding: 'base64', text: list(Buffer.from('plain')) }, 'gzip'), 'ERR_INTERCHANGE_BODY'],
  ['an unknown coding', body({ encoding: 'base64', text: list(Buffer.from('a')) }, 'compress'), 'ERR_INTERCHANGE_BODY'],
  [
    'too many codings',
    body({ encoding: 'base64', text: list(Buffer.from('a')) }, 'br,br,br,br,br'),
    'ERR_INTERCHANGE_BODY',
  ],
  [
    'a request body that is no base64',
    buildEntry({ request: { postData: { encoding: 'base64', text: '{' } } }),
    'ERR_INTERCHANGE_BODY',
  ],
  [
    'a request body of unknown encoding',
    buildEntry({ request: { postData: { encoding: 'x', text: 'n' } } }),
    'ERR_INTERCHANGE_BODY',
  ],
  ['a gzip bomb', body({ encoding: 'base64', text: list(bomb(gzipSync)) }, 'gzip'), 'ERR_INTERCHANGE_BOMB'],
  [
    'a bomb in plain base64',
    body({ encoding: 'base64', text: bomb(deflateSync).toString('base64') }, 'deflate'),
    'ERR_INTERCHANGE_BOMB',
  ],
]

function body(content: EntryParts['content'] & object, coding?: string): JsonValue {
  return buildEntry({ content, headers: coding === undefined ? {} : { 'content-encoding': coding } })
}

function list(bytes: Buffer): string {
  return JSON.stringify([bytes.toString('base64')])
}

function bomb(compress: (bytes: Buffer) => Buffer): Buffer {
  return compress(Buffer.alloc(65 * 1024 * 1024))
}

test.for(BAD_ENTRIES)('refuses an entry with %s, naming the file and the entry', ([, entry, code]) => {
  const error = refusal(buildHar(buildEntry(), entry))
  expect(error).toMatchObject({ code, location: { path: 'bad.har' } })
  expect(error.message).toContain('log.entries[1]')
})

test.for(BAD_ENTRIES)('leaves out an entry with %s, with a note, given skipBad', ([, entry, code]) => {
  const { interactions, notes, report } = importHar(buildHar(entry, buildEntry()), { path: 'bad.har', skipBad: true })
  expect(interactions.map(({ id }) => id)).toEqual(['c1'])
  expect(notes).toMatchObject([{ code: 'skipped_entry', data: { entries: [0], interactions: [] } }])
  expect(notes[0]?.message).toContain(code)
  expect(report.replayable).toBe(false)
})

test('names method and URL of a bad entry, but not the query, where keys stand', () => {
  const entry = buildEntry({
    request: { url: 'https://api.example.com/v1?key=sesame' },
    content: { encoding: 'no', text: 'n' },
  })
  const { message } = refusal(buildHar(entry))
  expect(message).toContain('POST https://api.example.com/v1')
  expect(message).not.toContain('sesame')
  expect(refusal(buildHar(buildEntry({ request: { url: 'v1?key=sesame' } }))).message).not.toContain('sesame')
})

test('refuses a start of the run given one later than the first request', () => {
  const options = { started_at: Date.parse('2026-03-01T10:00:01Z') }
  expect(refusal(buildHar(buildEntry()), options).code).toBe('ERR_INTERCHANGE_STARTED_AT')
})
