import { expect, test } from 'vitest'
import { hashJson } from '../../src/core/hash.ts'
import { GEN_AI, OTEL } from '../../src/model/gen-ai.ts'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { ANTHROPIC_TOOL_STREAM, namedFrames } from '../providers/wire-samples.ts'
import { asks, type Call, chat, failed, http, recordingOf, STARTED_AT, tells, user } from './build-recording.ts'
import { outline, spanOf } from './read-trace.ts'

test('reads a tool off the model traffic given a result in the next request', () => {
  const call: Call = ['call_1', 'add', '{"b":2, "a":1}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 0 }),
      chat('c2', [user, asks(call), tells('call_1', '{"sum": 3}')], { text: '3' }, { at: 250 }),
    ]),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'llm_generate', 'gpt-4o', null],
    ['c1.1', null, 'tool_call', 'add', null],
    ['c2', null, 'llm_generate', 'gpt-4o', null],
  ])
  expect(spanOf(trace, 'c1.1')).toMatchObject({
    started_at_ms: STARTED_AT + 100,
    latency_ms: 150,
    interactions: ['c1', 'c2'],
    attributes: {
      [GEN_AI.operation]: 'execute_tool',
      [GEN_AI.toolName]: 'add',
      [GEN_AI.toolCallId]: 'call_1',
      [GEN_AI.toolArguments]: '{"b":2, "a":1}',
      [GEN_AI.toolResult]: '{"sum": 3}',
    },
  })
  const [called, told] = trace.events.filter(({ tool }) => tool === 'add')
  expect(called).toMatchObject({ event: 'tool_call', call_id: 'call_1', args_hash: hashJson({ a: 1, b: 2 }) })
  expect(told).toMatchObject({
    event: 'tool_result',
    call_id: 'call_1',
    result_hash: hashJson({ sum: 3 }),
    status: 'ok',
  })
})

test('counts each repeated call as an event of its own given an agent that asks again and again', () => {
  const calls = [1, 2, 3].map(
    (n): Call => [`call_${n}`, 'search_docs', n === 2 ? '{ "q": "refund" }' : '{"q":"refund"}'],
  )
  const history: unknown[] = [user]
  const interactions: HttpInteraction[] = []
  for (const [i, call] of calls.entries()) {
    interactions.push(chat(`m${i}`, [...history], { calls: [call] }, { at: 1000 * i }))
    interactions.push(
      failed(`h${i}`, 'https://docs.test/search?q=refund', {
        at: 1000 * i + 200,
        took: 500,
        kind: 'aborted',
        error: { name: 'TimeoutError', message: 'The operation was aborted due to timeout' },
      }),
    )
    history.push(asks(call), tells(call[0], 'Error: search timed out'))
  }
  const trace = projectRun(recordingOf(interactions, { stop_reason: 'tool_error' }))
  const tools = trace.spans.filter(({ step_type }) => step_type === 'tool_call')
  expect(tools.map(({ name, error_class }) => [name, error_class])).toEqual(Array(3).fill(['search_docs', 'timeout']))
  expect(tools.map(({ attributes }) => attributes[OTEL.retries])).toEqual([undefined, undefined, undefined])
  const hashes = trace.events.filter(({ event }) => event === 'tool_call').map(({ args_hash }) => args_hash)
  expect(hashes).toEqual(Array(3).fill(hashJson({ q: 'refund' })))
  expect(trace.stop_reason).toBe('tool_error')
})

test.each([
  ['Error: no such user', 'tool_error'],
  ['Failed to reach the index: HTTP 503', 'overloaded'],
  ['TimeoutError: gave up', 'timeout'],
  ['{"error":"rate limit reached"}', 'rate_limit'],
  ['{"isError":true,"content":[]}', 'tool_error'],
  ['"Error: quoted"', 'tool_error'],
  ['Timeout after 10 s', 'timeout'],
  ['{"status":"error","message":"no"}', 'tool_error'],
  ['{"error":null,"rows":[]}', null],
  ['Errors found: none', null],
  ['No timeout occurred', null],
])('reads the state of a tool off its result %s', (text, error_class) => {
  const call: Call = ['call_1', 'find', '{}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 0 }),
      chat('c2', [user, asks(call), tells('call_1', text)], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(spanOf(trace, 'c1.1')).toMatchObject({ error_class, status: error_class === null ? 'ok' : 'error' })
  expect(trace.events.find(({ event }) => event === 'tool_result')).toMatchObject({ error_class })
})

test('calls a tool failed given that its last request failed, whatever it told the model', () => {
  const call: Call = ['call_1', 'find', '{}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 0 }),
      http('c2', 'https://api.test/x', { at: 110, status: 404 }),
      chat('c3', [user, asks(call), tells('call_1', 'I found nothing.')], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(spanOf(trace, 'c1.1').error_class).toBe('not_found')
})

test('keeps a tool that was run given that the run ended before its result was sent', () => {
  const trace = projectRun(
    recordingOf(
      [
        chat(
          'c1',
          [user],
          {
            calls: [
              ['call_1', 'search_docs', '{"q":"refund"}'],
              ['call_2', 'notify', '{}'],
            ],
          },
          { at: 0 },
        ),
        http('c2', 'https://docs.test/search?q=refund', { at: 110, status: 504 }),
      ],
      { stop_reason: 'tool_error', at_ms: 300 },
    ),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'llm_generate', 'gpt-4o', null],
    ['c1.1', null, 'tool_call', 'search_docs', 'timeout'],
    ['c2', 'c1.1', 'http_request', 'GET docs.test/search', 'timeout'],
  ])
  expect(spanOf(trace, 'c1').attributes[OTEL.notExecuted]).toBe(1)
  expect(trace.events.find(({ event }) => event === 'tool_result')).toMatchObject({
    tool: 'search_docs',
    result_hash: null,
  })
})

test('reads tools off Anthropic messages, with the mark of an error', () => {
  const url = 'https://api.anthropic.com/v1/messages'
  const content = (blocks: unknown[]) => ({
    model: 'claude',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'x' }, ...blocks],
  })
  const first = http('c1', url, {
    at: 0,
    took: 100,
    method: 'POST',
    body: { ...content([]), stream: true },
    answer: namedFrames(ANTHROPIC_TOOL_STREAM).join(''),
  })
  first.answer?.headers.splice(0, 1, ['content-type', 'text/event-stream'])
  const asking = {
    role: 'assistant',
    content: [
      { type: 'tool_use', id: 'toolu_01A', name: 'search', input: { q: 'refund' } },
      { type: 'tool_use', id: 'toolu_01B', name: 'fetch', input: {} },
    ],
  }
  const telling = {
    role: 'user',
    content: [
      { type: 'tool_result', tool_use_id: 'toolu_01A', content: 'gone', is_error: true },
      { type: 'tool_result', tool_use_id: 'toolu_01B', content: 'ok' },
    ],
  }
  const done = {
    type: 'message',
    content: [{ type: 'text', text: 'Done.' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 2 },
  }
  const trace = projectRun(
    recordingOf([first, http('c2', url, { at: 200, method: 'POST', body: content([asking, telling]), answer: done })]),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'llm_generate', 'claude', null],
    ['c1.1', null, 'tool_call', 'search', 'tool_error'],
    ['c1.2', null, 'tool_call', 'fetch', null],
    ['c2', null, 'llm_generate', 'claude', null],
  ])
  expect(spanOf(trace, 'c1').attributes).toMatchObject({ [GEN_AI.provider]: 'anthropic', [GEN_AI.stream]: true })
})

test('tells results apart given call ids that each answer counts anew', () => {
  const a: Call = ['call_0', 'find', '{"page":1}']
  const b: Call = ['call_0', 'find', '{"page":2}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [a] }, { at: 0 }),
      chat('c2', [user, asks(a), tells('call_0', 'one')], { calls: [b] }, { at: 200 }),
      chat('c3', [user, asks(a), tells('call_0', 'one'), asks(b), tells('call_0', 'two')], { text: 'ok' }, { at: 400 }),
    ]),
  )
  expect(spanOf(trace, 'c1.1').attributes[GEN_AI.toolResult]).toBe('one')
  expect(spanOf(trace, 'c2.1').attributes[GEN_AI.toolResult]).toBe('two')
})

test('tells interleaved conversations apart given equal call ids', () => {
  const a: Call = ['call_0', 'find', '{"who":"ann"}']
  const b: Call = ['call_0', 'find', '{"who":"bob"}']
  const bob = { role: 'user', content: 'bob' }
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [a] }, { at: 0 }),
      chat('c2', [bob], { calls: [b] }, { at: 1 }),
      chat('c3', [bob, asks(b), tells('call_0', 'B')], { text: 'ok' }, { at: 200 }),
      chat('c4', [user, asks(a), tells('call_0', 'A')], { text: 'ok' }, { at: 300 }),
    ]),
  )
  expect(spanOf(trace, 'c1.1').attributes[GEN_AI.toolResult]).toBe('A')
  expect(spanOf(trace, 'c2.1').attributes[GEN_AI.toolResult]).toBe('B')
})

test('takes no result from a request that was made before the answer came', () => {
  const call: Call = ['call_0', 'find', '{}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call] }, { at: 0 }),
      chat(
        'c2',
        [{ role: 'user', content: 'other' }, asks(call), tells('call_0', 'other')],
        { text: 'ok' },
        { at: 50 },
      ),
    ]),
  )
  expect(trace.spans.map(({ span_id }) => span_id)).toEqual(['c1', 'c2'])
})

test('takes no result of another tool given an equal call id', () => {
  const other: Call = ['call_0', 'list', '{}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [['call_0', 'find', '{}']] }, { at: 0 }),
      chat('c2', [{ role: 'user', content: 'other' }, asks(other), tells('call_0', 'L')], { text: 'ok' }, { at: 150 }),
    ]),
  )
  expect(trace.spans.map(({ span_id }) => span_id)).toEqual(['c1', 'c2'])
})

test('takes the result given a history whose beginning was cut, or whose arguments were written anew', () => {
  for (const asking of [[], [asks(['call_7', 'find', '{"q":"tidied"}'])]]) {
    const trace = projectRun(
      recordingOf([
        chat('c1', [user], { calls: [['call_7', 'find', '{"q":"raw"}']] }, { at: 0 }),
        chat('c2', [user, ...asking, tells('call_7', 'found')], { text: 'ok' }, { at: 150 }),
      ]),
    )
    expect(spanOf(trace, 'c1.1').attributes[GEN_AI.toolResult]).toBe('found')
  }
})

test('reads the old form of calls, which have no id', () => {
  const asking = { role: 'assistant', content: null, function_call: { name: 'find', arguments: '{}' } }
  const first = chat(
    'c1',
    [user],
    {},
    { at: 0, answer: { choices: [{ index: 0, message: asking, finish_reason: 'function_call' }] } },
  )
  const trace = projectRun(
    recordingOf([
      first,
      chat('c2', [user, asking, { role: 'function', name: 'find', content: 'found' }], { text: 'ok' }, { at: 150 }),
    ]),
  )
  expect(spanOf(trace, 'c1.1').attributes[GEN_AI.toolResult]).toBe('found')
  expect(trace.events.find(({ event }) => event === 'tool_call')).not.toHaveProperty('call_id')
})
