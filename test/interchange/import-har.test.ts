import { expect, test } from 'vitest'
import { importHar } from '../../src/interchange/import-har.ts'
import { buildEntry, buildHar, type EntryParts } from './build-har.ts'

const START = Date.parse('2026-03-01T10:00:00.000Z')

function importEntries(...parts: EntryParts[]) {
  return importHar(buildHar(...parts.map(buildEntry)), { path: 'run.har' })
}

test('gives request, answer, times and end of an entry', () => {
  const { interactions, run, runtime, notes } = importEntries({})
  expect(run.started_at).toBe(START)
  expect(runtime).toEqual({ node: 'unknown', platform: 'unknown' })
  expect(notes).toEqual([])
  expect(interactions).toEqual([
    {
      kind: 'http',
      door: 'fetch',
      id: 'c1',
      started_ms: 0,
      request: {
        method: 'POST',
        url: 'https://api.example.com/v1/chat?key=k',
        headers: [['content-type', 'application/json']],
        body: { text: '{"q":"hi"}' },
      },
      answer: {
        status: 200,
        status_text: 'OK',
        headers: [['content-type', 'application/json']],
        headers_ms: 150,
        chunks: [[200, { text: '{"a":"yes"}' }]],
      },
      end: { kind: 'complete', offset_ms: 200 },
    },
  ])
})

test('gives the same run given the same file, and takes a run id and a start given them', () => {
  const har = buildHar(buildEntry())
  expect(importHar(har, { path: 'a' }).run).toEqual(importHar(har, { path: 'b' }).run)
  expect(importHar(har, { path: 'a' }).run.run_id).toMatch(/^run_[0-9a-f]{12}$/)
  const given = importHar(har, { path: 'a', run_id: 'run_9', started_at: START - 500 })
  expect(given.run).toMatchObject({ run_id: 'run_9', started_at: START - 500 })
  expect(given.interactions[0]?.started_ms).toBe(500)
})

test('keeps concurrent requests concurrent and numbers them by start, whatever their order in the file', () => {
  const at = (time: string, path: string, order = 0): EntryParts => ({
    entry: { startedDateTime: `2026-03-01T10:00:0${time}Z`, _order: order },
    request: { url: `https://a.example/${path}` },
  })
  const { interactions } = importEntries(at('2.5', 'd'), at('1.0', 'c', 1), at('1.0', 'b', 0), at('0.9001', 'a'))
  expect(interactions.map(({ id, request, started_ms }) => [id, request.url.at(-1), started_ms])).toEqual([
    ['c1', 'a', 0],
    ['c2', 'b', 99.9],
    ['c3', 'c', 99.9],
    ['c4', 'd', 1599.9],
  ])
})

test('takes time zones of the start into account', () => {
  const { interactions } = importEntries({}, { entry: { startedDateTime: '2026-03-01T12:00:01.000+02:00' } })
  expect(interactions.map(({ started_ms }) => started_ms)).toEqual([0, 1000])
})

test.for([
  [{ time: 300, timings: { blocked: 10, dns: 5, connect: 20, ssl: 15, send: 1, wait: 64, receive: 200 } }, 100, 300],
  [{ time: 100, timings: { send: 0, wait: 100, receive: 14000 } }, 100, 100],
  [{ time: -1, timings: { send: 1, wait: 99, receive: 50 } }, 100, 150],
  [{ time: 80, timings: { send: -1, wait: -1, receive: -1 } }, 80, 80],
  [{ time: 80, timings: null }, 80, 80],
  [{ time: 50, timings: { wait: 70, receive: 0 } }, 50, 50],
] as const)('counts headers and end from the phases: %j', ([entry, headersMs, endMs]) => {
  const [interaction] = importEntries({ entry: entry as never }).interactions
  expect(interaction?.answer?.headers_ms).toBe(headersMs)
  expect(interaction?.end?.offset_ms).toBe(endMs)
})

test('says that times are unknown given none, and puts the request behind the one before it', () => {
  const timeless = { entry: { startedDateTime: 'soon', time: null, timings: null } }
  const { interactions, notes, report } = importEntries({}, timeless)
  expect(interactions.map(({ started_ms }) => started_ms)).toEqual([0, 200])
  expect(interactions[1]).toMatchObject({ answer: { headers_ms: 0 }, end: { offset_ms: 0 } })
  expect(notes).toMatchObject([
    { code: 'start_unknown', at_ms: 200, data: { interactions: ['c2'] } },
    { code: 'duration_unknown', at_ms: 200, data: { interactions: ['c2'] } },
  ])
  expect(report.replayable).toBe(true)
})

test('starts at 0 given a file without any time', () => {
  const { run, interactions } = importEntries(
    { entry: { startedDateTime: null, time: 40 } },
    { entry: { startedDateTime: null } },
  )
  expect(run.started_at).toBe(0)
  expect(interactions.map(({ started_ms }) => started_ms)).toEqual([0, 40])
})

test('lower-cases header names, drops pseudo headers, keeps duplicates and splits joined cookies', () => {
  const headers = [
    { name: ':status', value: '200' },
    { name: 'X-One', value: 'A' },
    { name: 'x-one', value: 'b' },
    { name: 'Set-Cookie', value: 'a=1\nb=2' },
    { name: 'Content-Length', value: 11 },
    { name: 'X-Name', value: 'grün 雪' },
  ]
  const [interaction] = importEntries({
    request: {
      headers: [
        { name: ':authority', value: 'a.example' },
        { name: 'Accept', value: '*/*' },
      ],
    },
    response: { headers },
  }).interactions
  expect(interaction?.request.headers).toEqual([['accept', '*/*']])
  expect(interaction?.answer?.headers).toEqual([
    ['x-one', 'A'],
    ['x-one', 'b'],
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
    ['content-length', '11'],
    ['x-name', Buffer.from('grün 雪').toString('latin1')],
  ])
  expect(() => new Headers(interaction?.answer?.headers)).not.toThrow()
})

test('normalises method and URL as fetch does, without the fragment', () => {
  const [interaction] = importEntries({
    request: { method: 'get', url: 'HTTPS://A.example:443/x y#part' },
  }).interactions
  expect(interaction?.request).toMatchObject({ method: 'GET', url: 'https://a.example/x%20y' })
})

test.for([
  ['net::ERR_CONNECTION_REFUSED', 'ECONNREFUSED'],
  ['net::ERR_NAME_NOT_RESOLVED', 'ENOTFOUND'],
  ['connect ETIMEDOUT 10.0.0.1:443', 'ETIMEDOUT'],
  ['net::ERR_SSL_PROTOCOL_ERROR', undefined],
] as const)('gives a failed end without an answer given status 0: %s', ([message, code]) => {
  const { interactions, report } = importEntries({ response: { status: 0, _error: message }, content: { size: 0 } })
  expect(interactions[0]).toMatchObject({
    answer: null,
    end: { kind: 'failed', offset_ms: 200, error: { message } },
  })
  expect(interactions[0]?.end?.error?.code).toBe(code)
  expect(report.replayable).toBe(true)
})

test('gives a failed end given status 0 without a cause', () => {
  const [interaction] = importEntries({ response: { status: 0 } }).interactions
  expect(interaction).toMatchObject({ answer: null, end: { kind: 'failed' } })
  expect(interaction?.end?.error).toBeDefined()
})

test('tells an answer that the client gave up from one that broke off', () => {
  const aborted = importEntries({ response: { _error: 'net::ERR_ABORTED' } }).interactions[0]
  expect(aborted).toMatchObject({ answer: { status: 200 }, end: { kind: 'aborted', offset_ms: 200 } })
  expect(aborted?.end?.error).toBeUndefined()
  const cut = importEntries({ response: { _error: 'net::ERR_INCOMPLETE_CHUNKED_ENCODING' } }).interactions[0]
  expect(cut).toMatchObject({ answer: { status: 200 }, end: { kind: 'cut', error: { code: 'ECONNRESET' } } })
  const early = importEntries({ response: { status: 0, _error: 'net::ERR_ABORTED' } }).interactions[0]
  expect(early).toMatchObject({ answer: null, end: { kind: 'aborted' } })
})

test('keeps a redirect and what followed it as two interactions, and says so', () => {
  const { interactions, notes, report } = importEntries(
    { response: { status: 302, redirectURL: '/b' }, headers: { location: '/b' }, content: { size: 0 } },
    { request: { url: 'https://api.example.com/b' } },
  )
  expect(interactions.map(({ answer }) => answer?.status)).toEqual([302, 200])
  expect(notes).toMatchObject([{ code: 'redirect', data: { interactions: ['c1'] } }])
  expect(report.replayable).toBe(true)
})

test('leaves out what is no HTTP request, and calls a run with web sockets not replayable', () => {
  const data = importEntries({}, { request: { method: 'GET', url: 'data:text/plain,x', postData: null } })
  expect(data.interactions).toHaveLength(1)
  expect(data.notes.map(({ code }) => code)).toEqual(['not_http'])
  expect(data.report.replayable).toBe(true)
  const socket = importEntries(
    {},
    { request: { method: 'GET', url: 'wss://a.example/live' }, response: { status: 101 } },
  )
  expect(socket.interactions).toHaveLength(1)
  expect(socket.notes.map(({ code }) => code)).toEqual(['websocket'])
  expect(socket.report.replayable).toBe(false)
})

test('gives an empty run that cannot be replayed given no entries', () => {
  const { interactions, report } = importHar(buildHar(), { path: 'run.har' })
  expect(interactions).toEqual([])
  expect(report.replayable).toBe(false)
})

test('reports what was got without showing query strings', () => {
  const { report } = importEntries({}, {}, { response: { status: 429 } })
  expect(report.got).toEqual([
    '3 requests: api.example.com ×3',
    'answers: status 200 ×2, status 429',
    'bodies: application/json ×3',
  ])
  expect(JSON.stringify(report)).not.toContain('key=')
})
