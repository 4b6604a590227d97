import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exportHar } from '../../src/interchange/export-har.ts'
import { importHar } from '../../src/interchange/import-har.ts'
import { type HeaderList, type HttpInteraction, type Interaction, toPayload } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'

const micros = fc.integer({ min: 0, max: 5_000_000 }).map((value) => value / 1000)
const bytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 50 }).map(toPayload),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 50 }).map((text) => ({ text: text.toWellFormed() })),
)
const headers: fc.Arbitrary<HeaderList> = fc.array(
  fc.tuple(
    fc.constantFrom('content-type', 'content-encoding', 'x-a', 'set-cookie'),
    fc.constantFrom('gzip', 'application/json', 'ü'),
  ),
  { maxLength: 4 },
)
const error = fc.record({
  name: fc.constant('Error'),
  message: fc.string(),
  code: fc.constantFrom('ECONNRESET', 'ETIMEDOUT'),
})
const answer = fc.record(
  {
    status: fc.constantFrom(200, 204, 301, 429, 500),
    status_text: fc.constantFrom('', 'OK'),
    headers,
    headers_ms: micros,
    chunks: fc.array(fc.tuple(micros, bytes), { maxLength: 4 }),
    names: fc.constant<string[]>(['X-A']),
    coded: fc.constant(true),
    url: fc.webUrl(),
    trailers: headers,
    information: fc.array(
      fc.record({ status: fc.constant(103), status_text: fc.constant(''), headers, offset_ms: micros }),
    ),
  },
  { requiredKeys: ['status', 'status_text', 'headers', 'headers_ms', 'chunks'] },
)
const request = fc.record({
  kind: fc.constant('http' as const),
  id: fc.constant(''),
  door: fc.constantFrom('fetch' as const, 'undici' as const, 'http' as const),
  started_ms: micros,
  request: fc.record({
    method: fc.constantFrom('GET', 'POST', 'PATCH', 'query'),
    url: fc.webUrl({ withQueryParameters: true }).map((url) => new URL(url).href),
    headers,
    body: fc.option(bytes),
  }),
})
const aborted = fc.record({ kind: fc.constant('aborted' as const), offset_ms: micros })
const failed = fc.record({ kind: fc.constant('failed' as const), offset_ms: micros, error })
const cut = fc.record({ kind: fc.constant('cut' as const), offset_ms: micros, error })
const complete = fc.record({ kind: fc.constant('complete' as const), offset_ms: micros })
const interaction: fc.Arbitrary<HttpInteraction> = fc
  .oneof(
    fc.tuple(request, answer, fc.option(fc.oneof(complete, cut, aborted))),
    fc.tuple(request, fc.constant(null), fc.option(fc.oneof(failed, aborted))),
  )
  .map(([asked, answered, end]) => ({ ...asked, answer: answered, end }))

function record(interactions: Interaction[]): Recording {
  const run = { run_id: 'run_1', trace_id: 't', release: '1.2', started_at: 1_772_359_200_000.125 }
  return {
    ...{ format: 'retrial/1', run, input: null, redaction: null, interactions, notes: [], integrity: 'sealed' },
    runtime: { node: '24', platform: 'linux' },
    finish: { at_ms: 1, stop_reason: 'completed', output: null, error: null },
  }
}

const CONTEXT = {
  version: '1.2.3',
  trace: () => {
    throw new Error('a HAR needs no trace')
  },
}

test('gives the run and its requests back when the HAR that was exported is imported', () => {
  fc.assert(
    fc.property(fc.array(interaction, { minLength: 1, maxLength: 5 }), (list) => {
      const sorted = list.toSorted((a, b) => a.started_ms - b.started_ms).map((one, i) => ({ ...one, id: `c${i + 1}` }))
      const recording = record(sorted)
      const { text, lost } = exportHar(recording, CONTEXT)
      const imported = importHar(text, { path: 'a.har' })
      expect(imported.interactions).toEqual(sorted)
      expect(imported.run).toEqual(recording.run)
      expect(imported.notes).toEqual([])
      expect(lost).toEqual(['how the run ended and what it gave back'])
    }),
  )
})

const ONE: HttpInteraction = {
  kind: 'http',
  id: 'c1',
  door: 'fetch',
  started_ms: 5.25,
  request: {
    method: 'POST',
    url: 'https://a.test/x?q=1&q=2',
    headers: [['content-type', 'a/b']],
    body: { text: '{}' },
  },
  answer: {
    ...{ status: 200, status_text: 'OK', headers: [['content-type', 'text/event-stream']] },
    headers_ms: 20,
    chunks: [
      [30, { text: 'data: 1\n\n' }],
      [50.5, { text: 'data: 2\n\n' }],
    ],
  },
  end: { kind: 'complete', offset_ms: 51 },
}

test('writes what other tools read: times, query, content', () => {
  const { log } = JSON.parse(exportHar(record([ONE]), CONTEXT).text)
  expect(log).toMatchObject({ version: '1.2', creator: { name: 'retrial', version: '1.2.3' } })
  expect(log.entries[0]).toMatchObject({
    startedDateTime: '2026-03-01T10:00:00.005375Z',
    time: 51,
    timings: { send: 0, wait: 20, receive: 31 },
    request: {
      queryString: [
        { name: 'q', value: '1' },
        { name: 'q', value: '2' },
      ],
      postData: { mimeType: 'a/b', text: '{}' },
    },
    response: { content: { size: 18, mimeType: 'text/event-stream', text: 'data: 1\n\ndata: 2\n\n' } },
  })
})

test('believes the HAR and not its own fields, given a body that was changed since', () => {
  const har = JSON.parse(exportHar(record([ONE]), CONTEXT).text)
  har.log.entries[0].response.content.text = 'data: 3\n\n'
  const { interactions, notes } = importHar(JSON.stringify(har), { path: 'a.har' })
  expect(interactions[0]?.answer?.chunks).toEqual([[51, { text: 'data: 3\n\n' }]])
  expect(notes.map(({ code }) => code)).toEqual(['chunk_times_unknown'])
})

test.for([
  ['an end that no answer can have', { end: { kind: 'failed', offset_ms: 1 } }],
  ['an offset before the call', { end: { kind: 'complete', offset_ms: -1 } }],
  ['a door that there is not', { door: 'window' }],
  ['an answer that did not come', { answer: null }],
] as const)('reads the entry as any other HAR, given its own fields with %s', ([, change]) => {
  const har = JSON.parse(exportHar(record([ONE]), CONTEXT).text)
  Object.assign(har.log.entries[0]._retrial, change)
  const { interactions } = importHar(JSON.stringify(har), { path: 'a.har' })
  expect(interactions[0]).toMatchObject({ door: 'fetch', end: { kind: 'complete', offset_ms: 51 } })
  expect(interactions[0]?.answer?.chunks).toHaveLength(1)
})

test('says what a HAR has no place for', () => {
  const tool: Interaction = { kind: 'tool', id: 'c2', name: 't', args: [], started_ms: 0, end: null }
  const recording = { ...record([ONE, tool]), input: { q: 1 }, notes: [{ at_ms: 0, code: 'x', message: 'y' }] }
  const { kept, lost } = exportHar({ ...recording, chance: { scope: 'run', random: [], uuids: [] } }, CONTEXT)
  expect(kept).toEqual(['1 request'])
  expect(lost).toEqual([
    '1 call of wrapped functions',
    'what the agent was called with',
    'how the run ended and what it gave back',
    'what was drawn at random',
    '1 note',
  ])
})
