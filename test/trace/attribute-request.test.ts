import { expect, test } from 'vitest'
import { GEN_AI, OTEL } from '../../src/model/gen-ai.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { dataFrames, OPENAI_TOOL_STREAM } from '../providers/wire-samples.ts'
import { asks, type Call, chat, http, recordingOf, STARTED_AT, tells, user } from './build-recording.ts'
import { outline, spanOf } from './read-trace.ts'

test('gives requests to the one pending tool, with its retries, given a tool that makes several', () => {
  const call: Call = ['call_1', 'lookup', '{"id":7}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 0 }),
      http('c2', 'https://docs.test/a', { at: 120, status: 503 }),
      http('c3', 'https://docs.test/a', { at: 150 }),
      http('c4', 'https://docs.test/b', { at: 170, took: 30 }),
      chat('c5', [user, asks(call), tells('call_1', 'fine')], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'llm_generate', 'gpt-4o', null],
    ['c1.1', null, 'tool_call', 'lookup', null],
    ['c2', 'c1.1', 'http_request', 'GET docs.test/a', 'overloaded'],
    ['c3', 'c1.1', 'http_request', 'GET docs.test/a', null],
    ['c4', 'c1.1', 'http_request', 'GET docs.test/b', null],
    ['c5', null, 'llm_generate', 'gpt-4o', null],
  ])
  const tool = spanOf(trace, 'c1.1')
  expect(tool).toMatchObject({ started_at_ms: STARTED_AT + 120, latency_ms: 80, interactions: ['c2', 'c3', 'c4'] })
  expect(tool.attributes).toMatchObject({ [OTEL.retries]: 1, [OTEL.attemptErrors]: ['overloaded'] })
  expect(spanOf(trace, 'c4').attributes).toMatchObject({
    [OTEL.attributedBy]: 'only_pending',
    [OTEL.httpMethod]: 'GET',
    [OTEL.httpStatus]: 200,
    [OTEL.url]: 'https://docs.test/b',
    [OTEL.responseBody]: '{"ok":true}',
  })
  expect(trace.spans.filter((span) => span.attributes[OTEL.retries] === 1)).toHaveLength(1)
  expect(trace.events.filter(({ event }) => event === 'tool_call')).toHaveLength(1)
})

// As in a replay, where the agent's own work takes no time: 74.738 + 17.359 is more than 92.097 by a rounding error.
test('takes a request for a retry given that it begins the very moment at which the first failed', () => {
  const call: Call = ['call_1', 'open_ticket', '{"topic":"lamp"}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 0, took: 74.738 }),
      http('c2', 'https://docs.test/a', { at: 74.738, took: 17.359, status: 504 }),
      http('c3', 'https://docs.test/a', { at: 92.097 }),
      chat('c4', [user, asks(call), tells('call_1', 'fine')], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(spanOf(trace, 'c1.1').attributes).toMatchObject({ [OTEL.retries]: 1, [OTEL.attemptErrors]: ['timeout'] })
})

test('finds request and result of a tool given that they follow the very moment at which it was asked for', () => {
  const call: Call = ['call_1', 'open_ticket', '{"topic":"lamp"}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 74.738, took: 17.359 }),
      http('c2', 'https://docs.test/a', { at: 92.097, took: 0 }),
      chat('c3', [user, asks(call), tells('call_1', 'fine')], { text: 'ok' }, { at: 92.097 }),
    ]),
  )
  expect(spanOf(trace, 'c1.1')).toMatchObject({
    interactions: ['c2'],
    attributes: { [GEN_AI.toolResult]: 'fine' },
  })
})

test('tells parallel tools apart by what their requests hold', () => {
  const a: Call = ['call_a', 'search_docs', '{"query":"refund policy","limit":5}']
  const b: Call = ['call_b', 'search_docs', '{"query":"refund","limit":5}']
  const c: Call = ['call_c', 'getWeather', '{}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [a, b, c] }, { at: 0 }),
      http('c2', 'https://docs.test/search?query=refund', { at: 101, took: 90 }),
      http('c3', 'https://docs.test/search', { at: 102, method: 'POST', body: { query: 'Refund policy' } }),
      http('c4', 'https://api.test/v1/weather/now', { at: 103, status: 500 }),
      http('c5', 'https://other.test/x', { at: 104 }),
      chat(
        'c6',
        [user, asks(a, b, c), tells('call_a', 'A'), tells('call_b', 'B'), tells('call_c', 'C')],
        { text: 'ok' },
        { at: 250 },
      ),
    ]),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'llm_generate', 'gpt-4o', null],
    ['c1.2', null, 'tool_call', 'search_docs', null],
    ['c2', 'c1.2', 'http_request', 'GET docs.test/search', null],
    ['c1.1', null, 'tool_call', 'search_docs', null],
    ['c3', 'c1.1', 'http_request', 'POST docs.test/search', null],
    ['c1.3', null, 'tool_call', 'getWeather', 'server_error'],
    ['c4', 'c1.3', 'http_request', 'GET api.test/v1/weather/now', 'server_error'],
    ['c5', null, 'http_request', 'GET other.test/x', null],
    ['c6', null, 'llm_generate', 'gpt-4o', null],
  ])
  expect(spanOf(trace, 'c2').attributes[OTEL.attributedBy]).toBe('argument')
  expect(spanOf(trace, 'c4').attributes[OTEL.attributedBy]).toBe('name')
  expect(trace.events.filter(({ event }) => event === 'tool_call').map(({ call_id }) => call_id)).toEqual([
    'call_b',
    'call_a',
    'call_c',
  ])
})

test('gives a request to no tool given that it fits two different pending ones equally', () => {
  const a: Call = ['call_a', 'get_user', '{"id":"u1"}']
  const b: Call = ['call_b', 'get_user', '{"id":"u2"}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [a, b] }, { at: 0 }),
      http('c2', 'https://api.test/user?ids=u1,u2', { at: 110, status: 500 }),
      chat('c3', [user, asks(a, b), tells('call_a', 'A'), tells('call_b', 'B')], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(spanOf(trace, 'c2')).toMatchObject({ parent_id: null, error_class: 'server_error' })
  expect(trace.spans.filter(({ step_type, status }) => step_type === 'tool_call' && status === 'error')).toEqual([])
})

test('gives the requests of equal parallel calls in turn', () => {
  const a: Call = ['call_a', 'poll', '{"job":"j-17"}']
  const b: Call = ['call_b', 'poll', '{"job":"j-17"}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [a, b] }, { at: 0 }),
      http('c2', 'https://api.test/jobs/j-17', { at: 110 }),
      http('c3', 'https://api.test/jobs/j-17', { at: 111 }),
      chat('c4', [user, asks(a, b), tells('call_a', 'A'), tells('call_b', 'B')], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect([spanOf(trace, 'c2').parent_id, spanOf(trace, 'c3').parent_id]).toEqual(['c1.1', 'c1.2'])
})

test('never gives telemetry to a pending tool', () => {
  const call: Call = ['call_1', 'add', '{}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 0 }),
      http('c2', 'https://api.openai.com/v1/traces/ingest', { at: 110, method: 'POST', body: {}, status: 401 }),
      chat('c3', [user, asks(call), tells('call_1', '3')], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(spanOf(trace, 'c2').parent_id).toBeNull()
  expect(spanOf(trace, 'c1.1').status).toBe('ok')
})

test('starts a tool when its call was known given a stream, even before the stream ended', () => {
  const stream = chat('c1', [user], {}, { at: 0, took: 500 })
  if (stream.answer === null) throw new Error('no answer')
  stream.answer.headers = [['content-type', 'text/event-stream']]
  stream.answer.chunks = dataFrames(OPENAI_TOOL_STREAM).map((text, i) => [20 + 10 * i, { text }])
  stream.end = { kind: 'aborted', offset_ms: 500, error: { name: 'AbortError', message: 'aborted' } }
  const a: Call = ['call_a1', 'search', '{"q":"refund"}']
  const b: Call = ['call_b2', 'fetch', '{}']
  const trace = projectRun(
    recordingOf([
      stream,
      http('c2', 'https://docs.test/search?q=refund', { at: 75 }),
      chat('c3', [user, asks(a, b), tells('call_a1', 'A'), tells('call_b2', 'B')], { text: 'ok' }, { at: 600 }),
    ]),
  )
  expect(spanOf(trace, 'c1').status).toBe('ok')
  expect(spanOf(trace, 'c2').parent_id).toBe('c1.1')
  expect(spanOf(trace, 'c1.1').started_at_ms).toBe(STARTED_AT + 75)
  expect(spanOf(trace, 'c1.2').started_at_ms).toBe(STARTED_AT + 80)
})

test('gives a request to no tool given arguments that it holds within other words, or that are one character long', () => {
  const a: Call = ['call_a', 'alpha', '{"q":"art","page":1}']
  const b: Call = ['call_b', 'beta', '{"q":"fund","page":2}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [a, b] }, { at: 0 }),
      http('c2', 'https://docs.test/start/1', { at: 110 }),
      chat('c3', [user, asks(a, b), tells('call_a', 'A'), tells('call_b', 'B')], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(spanOf(trace, 'c2').parent_id).toBeNull()
})

test('finds arguments that are escaped in a URL or a body', () => {
  const a: Call = ['call_a', 'alpha', '{"q":"5 % off \\"now\\""}']
  const b: Call = ['call_b', 'beta', '{"q":"größe & maß"}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [a, b] }, { at: 0 }),
      http('c2', 'https://x.test/', { at: 110, method: 'POST', body: { text: '5 % off "now"' } }),
      http('c3', `https://x.test/?q=${encodeURIComponent('größe & maß').replaceAll('%20', '+')}`, { at: 111 }),
      http('c4', 'https://x.test/?q=100%', { at: 112 }),
      chat('c5', [user, asks(a, b), tells('call_a', 'A'), tells('call_b', 'B')], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(['c2', 'c3', 'c4'].map((id) => spanOf(trace, id).parent_id)).toEqual(['c1.1', 'c1.2', null])
})

test('gives a request to no tool given that it was made before the call was known, or after the result was sent', () => {
  const call: Call = ['call_1', 'search', '{}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 0 }),
      http('c2', 'https://docs.test/search', { at: 50, status: 500 }),
      chat('c3', [user, asks(call), tells('call_1', 'A')], { text: 'ok' }, { at: 250 }),
      http('c4', 'https://docs.test/again', { at: 260, status: 500 }),
    ]),
  )
  expect([spanOf(trace, 'c2').parent_id, spanOf(trace, 'c4').parent_id]).toEqual([null, null])
  expect(spanOf(trace, 'c1.1').status).toBe('ok')
})

test('does not take a request for that of an abandoned call given that the model was asked something else since', () => {
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [['call_1', 'search', '{}']] }, { at: 0 }),
      chat('c2', [user, { role: 'user', content: 'never mind' }], { text: 'ok' }, { at: 200 }),
      http('c3', 'https://docs.test/search', { at: 400 }),
    ]),
  )
  expect(trace.spans.map(({ span_id, parent_id }) => [span_id, parent_id])).toEqual([
    ['c1', null],
    ['c2', null],
    ['c3', null],
  ])
})

test.each([
  ['Timed out, giving up', 'timeout'],
  ['Error: giving up', 'unfinished'],
])('ends a tool when its result was sent given a request that it gave up waiting for, and %s', (text, error_class) => {
  const call: Call = ['call_1', 'search', '{}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 0 }),
      http('c2', 'https://docs.test/search', { at: 120, status: 0, end: null }),
      chat('c3', [user, asks(call), tells('call_1', text)], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(spanOf(trace, 'c1.1')).toMatchObject({ started_at_ms: STARTED_AT + 120, latency_ms: 130, error_class })
})
