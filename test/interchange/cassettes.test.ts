import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { detectFormat } from '../../src/interchange/detect-format.ts'
import { importDd } from '../../src/interchange/import-dd.ts'
import { importGoVcr } from '../../src/interchange/import-go-vcr.ts'
import { importNock } from '../../src/interchange/import-nock.ts'
import { importVcr } from '../../src/interchange/import-vcr.ts'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { payloadText } from '../../src/model/interaction.ts'

/** Body of request and answer as text, and the codes of the notes. */
function outline({ interactions, notes }: ReturnType<typeof importVcr>): unknown {
  const text = (one: HttpInteraction) => (one.answer?.chunks ?? []).map(([, data]) => payloadText(data)).join('')
  return {
    asked: interactions.map(({ request }) => request.body && payloadText(request.body)),
    answered: interactions.map(text),
    notes: notes.map(({ code }) => code),
  }
}

function vcr(request: string, response: string): string {
  const indent = (text: string) => text.replace(/^/gm, '    ')
  return `interactions:\n- request:\n${indent(request)}\n    method: POST\n    uri: https://api.test/v1/x\n  response:\n${indent(response)}\n    status:\n      code: 200\n      message: OK\nversion: 1\n`
}

const base64 = (bytes: Buffer) => bytes.toString('base64')
const UNKNOWN_TIMES = ['start_unknown', 'duration_unknown']

test('reads a cassette of VCR.py with text, and the headers of both sides', () => {
  const text = vcr(
    'body: \'{"q": 1}\'\nheaders:\n  Accept:\n  - a\n  - b',
    'body:\n  string: "Gr\\xFC\\xDFe"\nheaders:\n  Date:\n  - x',
  )
  const result = importVcr(text, { path: 'a.yaml' })
  expect(outline(result)).toEqual({ asked: ['{"q": 1}'], answered: ['Grüße'], notes: UNKNOWN_TIMES })
  expect(result.interactions[0]).toMatchObject({
    request: {
      method: 'POST',
      url: 'https://api.test/v1/x',
      headers: [
        ['accept', 'a'],
        ['accept', 'b'],
      ],
    },
    answer: { status: 200, status_text: 'OK', headers: [['date', 'x']] },
    end: { kind: 'complete', offset_ms: 0 },
  })
  expect(result.report).toMatchObject({ replayable: true })
})

test.for([
  ['gzip', gzipSync('{"a":1}')],
  ['deflate', deflateSync('{"a":1}')],
  ['br', brotliCompressSync('{"a":1}')],
] as const)('removes the coding of a !!binary body given %s', ([coding, bytes]) => {
  const body = `body:\n  string: !!binary |\n    ${base64(bytes)}\nheaders:\n  Content-Encoding:\n  - ${coding}\n  Content-Type: [application/json]`
  expect(outline(importVcr(vcr('body: null', body), { path: 'a' }))).toMatchObject({ answered: ['{"a":1}'] })
})

test('takes text as it is though its header says gzip, and bytes that are no gzip only when they are text', () => {
  const header = 'headers:\n  Content-Encoding: [gzip]'
  expect(outline(importVcr(vcr('body: null', `body: {string: '{"a":1}'}\n${header}`), { path: 'a' }))).toMatchObject({
    answered: ['{"a":1}'],
  })
  const damaged = vcr('body: null', `body:\n  string: !!binary /wAB\n${header}`)
  expect(() => importVcr(damaged, { path: 'a' })).toThrow(/gzip data is damaged/)
})

test('writes parsed bodies again with the numbers that were sent, and says so', () => {
  const parsed =
    'parsed_body:\n  a: 1.0\n  b: 1.0e-05\n  c: 12345678901234567890\n  d: 1e5\n  e: yes\n  f: 0.5\n  y: 0o17\n  on: null'
  const result = importVcr(vcr(parsed, "parsed_body: {t: '1'}"), { path: 'a' })
  expect(outline(result)).toEqual({
    asked: ['{"a":1.0,"b":1e-05,"c":12345678901234567890,"d":"1e5","e":"yes","f":0.5,"y":"0o17","on":null}'],
    answered: ['{"t":"1"}'],
    notes: [
      ...UNKNOWN_TIMES,
      'request_headers_missing',
      'request_body_rebuilt',
      'answer_body_rebuilt',
      'content_type_guessed',
    ],
  })
  expect(result.report.unknown.join()).toMatch(/content types of some answers/)
})

test('gives a parsed body back whatever JSON it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      // JSON is YAML, but for numbers with an exponent and no fraction, which PyYAML never writes.
      const text = JSON.stringify(value, (_, item) =>
        typeof item === 'number' ? (Math.trunc(item * 8) / 8) % 1e15 : item,
      )
      const result = importVcr(vcr(`parsed_body: ${text}`, 'body: {string: x}'), { path: 'a' })
      expect(JSON.parse((outline(result) as { asked: string[] }).asked[0] ?? '')).toEqual(JSON.parse(text))
    }),
  )
})

test('reads the JSON cassettes of VCR.py, and what its versions 4 to 6 wrote for httpx', () => {
  const one = {
    request: { method: 'GET', uri: 'https://api.test/', body: '', headers: {} },
    response: { status_code: 201, headers: { 'content-type': ['text/plain'] }, content: 'hi' },
  }
  const { interactions } = importVcr(JSON.stringify({ version: 1, interactions: [one] }), { path: 'a.json' })
  expect(interactions).toMatchObject([
    { request: { body: null }, answer: { status: 201, chunks: [[0, { text: 'hi' }]] } },
  ])
})

test('reads quoted values that go on as far left as their key, as formatters leave them, and blocks as they are', () => {
  const text = [
    'interactions:',
    '  - request:',
    '      method: POST',
    '      uri: https://api.test/v1/x',
    "      body: '{\"it''s\":",
    '      "not: \\"so"}',
    '',
    "      {}'",
    '      headers:',
    '        A:',
    '          - "b \\"c\\"',
    '          d"',
    '    response:',
    '      status: { code: 200, message: OK }',
    '      headers: {}',
    '      body:',
    '        string: |',
    "          x: 'not a quote",
    '          data: "neither',
    'version: 1',
    'version: 1',
  ].join('\n')
  const { interactions } = importVcr(text, { path: 'a.yaml' })
  expect(interactions[0]?.request).toMatchObject({
    body: { text: '{"it\'s": "not: \\"so"}\n{}' },
    headers: [['a', 'b "c" d']],
  })
  expect(interactions[0]?.answer?.chunks).toEqual([[0, { text: 'x: \'not a quote\ndata: "neither\n' }]])
})

test('leaves web socket messages out, so that the run can only be debugged', () => {
  const text = `interactions:\n- kind: message\n  direction: sent\n  data: '{}'\n- request: {method: GET, uri: 'https://a.test/', body: null, headers: {}}\n  response: {status: {code: 204, message: ''}, headers: {}, body: {string: ''}}\n`
  const { interactions, report } = importVcr(text, { path: 'a' })
  expect(interactions).toHaveLength(1)
  expect(report).toMatchObject({ replayable: false, reason: expect.stringContaining('websocket ×1') })
})

test('keeps an answer without its body from being served as empty', () => {
  const result = importVcr(vcr('body: null', "body: {string: ''}\nheaders:\n  Content-Type: [application/json]"), {
    path: 'a',
  })
  expect(result.interactions[0]?.end).toBeNull()
  expect(result.report.replayable).toBe(false)
  const empty = importVcr(vcr('body: null', "body: {string: ''}\nheaders:\n  content-length: ['0']"), { path: 'a' })
  expect(empty.report.replayable).toBe(true)
})

test.each(['apply', 'new'])(
  'reads the names of headers given a client over aiohttp, which keeps them as objects (%s)',
  (made) => {
    const tag = `!!python/object/${made}:multidict._multidict.istr`
    const headers = `headers:\n  ? ${tag}\n  - Accept\n  : - a\n    - b\n  Content-Length:\n  - '2'\n  ? ${tag}\n  - X-Y\n  : - c`
    // Within a body the same is text.
    const body = `body: |-\n  ? ${tag}\n  - Accept\n`
    const { interactions } = importVcr(vcr(`${body}${headers}`, 'body: {string: x}'), { path: 'a.yaml' })
    expect(interactions[0]?.request).toMatchObject({
      headers: [
        ['accept', 'a'],
        ['accept', 'b'],
        ['content-length', '2'],
        ['x-y', 'c'],
      ],
      body: { text: `? ${tag}\n- Accept` },
    })
  },
)

const GO = `---
version: 2
interactions:
    - id: 0
      request:
        body: '{"q":1}'
        url: https://api.test/v1/chat/completions
        method: POST
        headers: null
      response:
        body: |+
            data: {"a":1}

            data: [DONE]

        headers: {}
        status: 429 Too Many Requests
        code: 429
        duration: 1m2.5s
`

test('reads a cassette of go-vcr: durations, and the type of a stream by its look', () => {
  const result = importGoVcr(GO, { path: 'a.yaml' })
  expect(result.interactions[0]).toMatchObject({
    request: { body: { text: '{"q":1}' } },
    answer: {
      status: 429,
      status_text: 'Too Many Requests',
      headers: [['content-type', 'text/event-stream']],
      headers_ms: 62_500,
      chunks: [[62_500, { text: 'data: {"a":1}\n\ndata: [DONE]\n\n' }]],
    },
    end: { kind: 'complete', offset_ms: 62_500 },
  })
  expect(outline(result)).toMatchObject({
    notes: ['start_unknown', 'request_headers_missing', 'content_type_guessed', 'chunk_times_unknown'],
  })
})

test('reads the first format of go-vcr, which has no ids and mostly no durations', () => {
  const text = GO.replace('version: 2', 'version: 1')
    .replace('- id: 0\n      request:', '- request:')
    .replace('1m2.5s', '""')
  const { interactions, notes } = importGoVcr(text, { path: 'a.yaml' })
  expect(interactions).toMatchObject([{ answer: { status: 429 }, end: { offset_ms: 0 } }])
  expect(notes.map(({ code }) => code)).toContain('duration_unknown')
})

test('reads a cassette of go-vcr that was written as JSON', () => {
  const [request, response] = [
    { body: '{"q":1}', url: 'https://api.test/v1/x', method: 'POST', headers: {} },
    {
      body: 'Gr\u00fc\u00dfe',
      headers: { 'Content-Type': ['text/plain'] },
      status: '200 OK',
      code: 200,
      duration: '5ms',
    },
  ]
  const text = `\uFEFF${JSON.stringify({ version: 2, interactions: [{ id: 0, request, response }] }, null, 2)}`
  expect(detectFormat(text)).toBe('go-vcr')
  const { interactions } = importGoVcr(text, { path: 'a.json' })
  expect(interactions).toMatchObject([
    { request: { body: { text: '{"q":1}' } }, answer: { status: 200, chunks: [[5, { text: 'Grüße' }]] } },
  ])
})

const definition = {
  scope: 'https://api.test:443',
  method: 'POST',
  path: '/v1/x?k=1',
  body: { q: 1 },
  status: 200,
  rawHeaders: ['Content-Type', 'application/json'],
}

test('reads a fixture of nock: parsed bodies, hex chunks of a coded answer, hex of bytes', () => {
  const packed = gzipSync('{"a":1}').toString('hex')
  const result = importNock(
    JSON.stringify([
      { ...definition, response: { a: 1 } },
      {
        ...definition,
        response: [packed.slice(0, 20), packed.slice(20)],
        rawHeaders: { 'content-encoding': 'gzip', n: ['1', '2'] },
      },
      { ...definition, body: '', response: '7b22ff', responseIsBinary: true },
      { ...definition, body: 'text', response: 'data: x\n\n' },
    ]),
    { path: 'a.json' },
  )
  const { interactions } = result
  expect(interactions.map(({ request }) => request.body)).toEqual([
    { text: '{"q":1}' },
    { text: '{"q":1}' },
    null,
    { text: 'text' },
  ])
  expect(interactions.map(({ answer }) => answer?.chunks.map(([, data]) => data))).toEqual([
    [{ text: '{"a":1}' }],
    [{ text: '{"a":1}' }],
    [{ base64: 'eyL/' }],
    [{ text: 'data: x\n\n' }],
  ])
  expect(interactions[0]?.request.url).toBe('https://api.test/v1/x?k=1')
  expect(interactions[1]?.answer?.headers).toEqual([
    ['content-encoding', 'gzip'],
    ['n', '1'],
    ['n', '2'],
    ['content-type', 'application/json'],
  ])
})

test('cannot replay a fixture that answers any body', () => {
  const { report } = importNock(JSON.stringify([{ ...definition, body: '*', response: 'x' }]), { path: 'a.json' })
  expect(report).toMatchObject({ replayable: false, reason: expect.stringContaining('request_body_missing ×1') })
})

const EXCHANGE = {
  request: { method: 'POST', url: 'https://api.test/v1/x', headers: { 'X-A': 'b' }, body: '{}' },
  response: { status: { code: 200, message: '' }, headers: { 'Content-Type': 'image/png' }, body: 'base64:/wAB' },
}

test('reads an exchange of the Datadog test agent, bytes behind base64: too', () => {
  const { interactions } = importDd(JSON.stringify(EXCHANGE), { path: 'a.json' })
  expect(interactions).toMatchObject([
    { request: { headers: [['x-a', 'b']] }, answer: { chunks: [[0, { base64: '/wAB' }]] } },
  ])
})

test('reads a definition of nock that stands without its list', () => {
  const text = JSON.stringify({ ...definition, response: { messages: [] } })
  expect(detectFormat(text)).toBe('nock')
  const { interactions } = importNock(text, { path: 'a.json' })
  expect(interactions).toEqual(importNock(`[${text}]`, { path: 'a.json' }).interactions)
})
