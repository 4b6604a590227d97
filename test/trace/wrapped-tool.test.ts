import { expect, test } from 'vitest'
import { hashJson } from '../../src/core/hash.ts'
import { GEN_AI, OTEL } from '../../src/model/gen-ai.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { asks, type Call, chat, http, recordingOf, STARTED_AT, tells, user, wrapped } from './build-recording.ts'
import { outline, spanOf } from './read-trace.ts'

test('joins a wrapped tool with the call that asked for it, and nests its requests', () => {
  const call: Call = ['call_1', 'search', '{"q":"refund"}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 0 }),
      wrapped('tool', 'c2', 'search', [{ q: 'refund' }], { at: 120, took: 80, value: { hits: 2 } }),
      http('c3', 'https://docs.test/s', { at: 130, status: 503, parent: 'c2' }),
      http('c4', 'https://docs.test/s', { at: 150, parent: 'c2' }),
      http('c5', 'https://log.test/x', { at: 210 }),
      chat('c6', [user, asks(call), tells('call_1', '{"hits":2}')], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'llm_generate', 'gpt-4o', null],
    ['c2', null, 'tool_call', 'search', null],
    ['c3', 'c2', 'http_request', 'GET docs.test/s', 'overloaded'],
    ['c4', 'c2', 'http_request', 'GET docs.test/s', null],
    ['c5', null, 'http_request', 'GET log.test/x', null],
    ['c6', null, 'llm_generate', 'gpt-4o', null],
  ])
  expect(spanOf(trace, 'c2')).toMatchObject({ latency_ms: 80, interactions: ['c2'] })
  expect(spanOf(trace, 'c2').attributes).toMatchObject({
    [GEN_AI.toolCallId]: 'call_1',
    [GEN_AI.toolResult]: '{"hits":2}',
  })
  expect(trace.spans.every((span) => !span.attributes[OTEL.retries])).toBe(true)
  const tools = trace.events.filter(({ tool }) => tool === 'search')
  expect(tools).toMatchObject([
    { event: 'tool_call', call_id: 'call_1', args_hash: hashJson({ q: 'refund' }) },
    { event: 'tool_result', result_hash: hashJson({ hits: 2 }) },
  ])
})

test('joins a wrapped tool given that it takes its arguments one by one', () => {
  const call: Call = ['call_1', 'add', '{"a":1,"b":2}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 0 }),
      wrapped('tool', 'c2', 'add', [1, 2], { at: 120, value: 3 }),
      chat('c3', [user, asks(call), tells('call_1', '3')], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(trace.spans.map(({ span_id }) => span_id)).toEqual(['c1', 'c2', 'c3'])
})

test('gives a span of its own given a wrapped tool that no model asked for', () => {
  const trace = projectRun(recordingOf([wrapped('tool', 'c1', 'boot', ['x'], { at: 5, value: null })]))
  expect(outline(trace)).toEqual([['c1', null, 'tool_call', 'boot', null]])
  expect(trace.events[1]).toEqual({
    event: 'tool_call',
    run_id: 'run_1',
    at_ms: STARTED_AT + 5,
    tool: 'boot',
    args_hash: hashJson(['x']),
  })
})

test.each([
  [{ error: { name: 'Error', message: 'x', code: 'ETIMEDOUT' } }, 'timeout'],
  [{ error: { name: 'TypeError', message: 'x is not a function' } }, 'tool_error'],
  [{ value: 'Error: 429 Too Many Requests' }, 'rate_limit'],
  [{ end: null }, 'unfinished'],
])('classifies a wrapped tool by its own outcome given %j', (outcome, error_class) => {
  const trace = projectRun(
    recordingOf([
      wrapped('tool', 'c1', 'search', [], { at: 0, ...outcome }),
      http('c2', 'https://docs.test/s', { at: 1, status: 500, parent: 'c1' }),
    ]),
  )
  expect(spanOf(trace, 'c1').error_class).toBe(error_class)
})

test('reads the calls of an agent within a wrapped tool at a level of their own', () => {
  const outer: Call = ['call_1', 'research', '{"topic":"x1"}']
  const inner: Call = ['call_1', 'search', '{"q":"x1"}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [outer] }, { at: 0 }),
      wrapped('tool', 'c2', 'research', [{ topic: 'x1' }], { at: 110, took: 700, value: 'found' }),
      chat('c3', [{ role: 'user', content: 'x1' }], { calls: [inner] }, { at: 120, parent: 'c2' }),
      http('c4', 'https://docs.test/s', { at: 230, parent: 'c2' }),
      chat(
        'c5',
        [{ role: 'user', content: 'x1' }, asks(inner), tells('call_1', 'hit')],
        { text: 'found' },
        { at: 300, parent: 'c2' },
      ),
      chat('c6', [user, asks(outer), tells('call_1', 'found')], { text: 'ok' }, { at: 900 }),
    ]),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'llm_generate', 'gpt-4o', null],
    ['c2', null, 'tool_call', 'research', null],
    ['c3', 'c2', 'llm_generate', 'gpt-4o', null],
    ['c3.1', 'c2', 'tool_call', 'search', null],
    ['c4', 'c3.1', 'http_request', 'GET docs.test/s', null],
    ['c5', 'c2', 'llm_generate', 'gpt-4o', null],
    ['c6', null, 'llm_generate', 'gpt-4o', null],
  ])
  expect(trace.events.filter(({ event }) => event === 'tool_call').map(({ tool, within }) => [tool, within])).toEqual([
    ['research', undefined],
    ['search', 'c2'],
  ])
})

test('calls a wrapped tool failed given that the agent told the model so', () => {
  const url = 'https://api.anthropic.com/v1/messages'
  const block = { type: 'tool_use', id: 'toolu_1', name: 'search', input: { q: 'x' } }
  const ask = (id: string, at: number, messages: unknown[], content: unknown[]) => {
    const body = { model: 'claude', max_tokens: 9, messages }
    return http(id, url, { at, method: 'POST', body, answer: { type: 'message', content, stop_reason: 'end_turn' } })
  }
  const telling = {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'empty', is_error: true }],
  }
  const trace = projectRun(
    recordingOf([
      ask('c1', 0, [], [block]),
      wrapped('tool', 'c2', 'search', [{ q: 'x' }], { at: 50, value: [] }),
      ask('c3', 100, [{ role: 'assistant', content: [block] }, telling], []),
    ]),
  )
  expect(spanOf(trace, 'c2').error_class).toBe('tool_error')
})

test('stands the events of a wrapped tool where it was called given that all happened at the same time', () => {
  const trace = projectRun(
    recordingOf([
      wrapped('tool', 'c1', 'boot', [], { at: 0, took: 0, value: 1 }),
      chat('c2', [user], { text: 'ok' }, { at: 0, took: 0 }),
      wrapped('tool', 'c3', 'save', [], { at: 0, took: 0, value: 1 }),
    ]),
  )
  expect(trace.events.map(({ event, tool }) => tool ?? event)).toEqual([
    'run_started',
    'boot',
    'boot',
    'agent_step',
    'llm_result',
    'save',
    'save',
    'run_finished',
  ])
})
