import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { detectFormat } from '../../src/interchange/detect-format.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { buildOtlp } from './build-otlp.ts'
import { importRuns, toRecording, traceOf } from './import-trace.ts'

const user = { role: 'user', content: 'Find it.' }
const call = { id: 'c1', type: 'function', function: { name: 'search', arguments: '{}' } }
const asks = { role: 'assistant', content: null, tool_calls: [call] }
const told = { role: 'tool', tool_call_id: 'c1', content: 'Found.' }
const done = { role: 'assistant', content: 'Here.' }

test('makes a run of each line given one conversation a line, and of each entry given a list of them', () => {
  const list = [{ messages: [user, asks, told, done] }, { messages: [user] }, { id: 'last', messages: [user, done] }]
  const lines = list.map((one) => JSON.stringify(one)).join('\n')
  expect(detectFormat(lines)).toBe('chat')
  for (const text of [lines, JSON.stringify(list)]) {
    const runs = importRuns('chat', text, 'f.jsonl').map((run) => projectRun(toRecording(run)))
    expect(runs.map(({ spans }) => spans.map(({ name }) => name))).toEqual([
      ['assistant', 'search', 'assistant'],
      ['assistant'],
    ])
    expect(new Set(runs.map(({ context }) => context.run_id)).size).toBe(2)
    expect(importRuns('chat', text, 'f.jsonl', { pick: 'last' })).toHaveLength(1)
  }
  expect(() => importRuns('chat', JSON.stringify({ messages: [user] }), 'f.jsonl')).toThrow(
    expect.objectContaining({ code: 'ERR_INTERCHANGE_TRACE' }),
  )
})

test('knows the model, the system prompt and the tools given the request around the messages', () => {
  const tools = [
    { type: 'function', function: { name: 'search' } },
    { name: 'send', input_schema: {} },
  ]
  const value = { model: 'm-1', system: 'Be brief.', tools, messages: [user, asks, told, done] }
  const [first] = traceOf('chat', value).spans
  expect(first).toMatchObject({
    name: 'm-1',
    attributes: {
      ...{ 'gen_ai.request.model': 'm-1', 'retrial.request.tools': ['search', 'send'] },
      'gen_ai.input.messages': [{ role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] }, { role: 'user' }],
    },
  })
  expect(importRuns('chat', JSON.stringify(value), 'f')[0]?.report.unknown).not.toContain('which model answered')
})

test('ends a run of tau-bench in the error that broke it off, though nothing was said', () => {
  const broken = { task_id: 3, trial: 0, reward: 0, info: { error: 'lib.RateLimitError: slow down' }, traj: [] }
  const [run] = importRuns('tau', JSON.stringify([broken]), 'f.json')
  expect(run).toMatchObject({
    finish: {
      stop_reason: 'error',
      error: { name: 'lib.RateLimitError', message: 'lib.RateLimitError: slow down' },
    },
    notes: expect.arrayContaining([expect.objectContaining({ code: 'run_error' })]),
    report: { got: ['no step'] },
  })
})

test('keeps times, end and usage given one simulation of tau2-bench alone', () => {
  const at = (s: number) => `2026-01-01T00:00:0${s}.000000`
  const message = (s: number, role: string, content: string, usage: JsonObject | null = null) => {
    return { role, content, turn_idx: s, timestamp: at(s), usage, cost: 0, tool_calls: null }
  }
  const simulation = {
    ...{ id: 's1', task_id: '5', trial: 0, start_time: at(0), end_time: at(9), termination_reason: 'max_steps' },
    messages: [
      message(0, 'assistant', 'Hi!'),
      message(1, 'user', 'Help.'),
      message(3, 'assistant', 'No.', { prompt_tokens: 50, completion_tokens: 5 }),
    ],
  }
  expect(detectFormat(JSON.stringify(simulation))).toBe('tau2')
  const { spans, stop_reason, latency_ms } = traceOf('tau2', simulation)
  expect({ stop_reason, latency_ms }).toEqual({ stop_reason: 'max_steps', latency_ms: 9000 })
  expect(spans).toMatchObject([{ latency_ms: 2000, attributes: { 'gen_ai.usage.input_tokens': 50 } }])
  expect(spans).toHaveLength(1)
})

test('reads tools off the blocks that OpenLLMetry writes as a text', () => {
  const use = { type: 'tool_use', id: 't1', name: 'search', input: {} }
  const result = { type: 'tool_result', tool_use_id: 't1', content: 'not there', is_error: true }
  const chat = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' }
  const prompt = (...messages: [role: string, content: string][]) =>
    Object.fromEntries(
      messages.flatMap(([role, content], n) => [
        [`gen_ai.prompt.${n}.role`, role],
        [`gen_ai.prompt.${n}.content`, content],
      ]),
    )
  const answer = (content: string) => ({
    ...{ 'gen_ai.completion.0.role': 'assistant', 'gen_ai.completion.0.content': content },
  })
  const [ask, tell] = [use, result].map((block) => JSON.stringify([block])) as [string, string]
  const first = { ...chat, ...prompt(['user', '[not] JSON']), ...answer(ask) }
  const second = { ...chat, ...prompt(['user', 'Find it.'], ['assistant', ask], ['user', tell]), ...answer('Sorry.') }
  const { spans, input } = traceOf(
    'otlp',
    buildOtlp([
      { id: 'm1', attributes: first },
      { id: 'm2', at: 200, attributes: second },
    ]),
  )
  expect(input).toBe('[not] JSON')
  expect(spans).toMatchObject([{}, { name: 'search', error_class: 'tool_error' }, {}])
})

test('reads arguments, results, answers, parents and status given spans of any-agent', () => {
  const span = (span_id: number, parent: number | null, attributes: JsonObject, status_code = 'ok') => ({
    ...{ name: 'x', context: { trace_id: 7, span_id }, parent: { trace_id: 7, span_id: parent } },
    ...{ start_time: 1.7e18 + span_id * 1e6, end_time: 1.7e18 + span_id * 1e6 + 1e6, attributes },
    status: { status_code, description: null },
  })
  const model = (output: string) => ({
    ...{ 'gen_ai.operation.name': 'call_llm', 'gen_ai.request.model': 'm', 'gen_ai.usage.input_tokens': 5 },
    'gen_ai.output': output,
  })
  const tool = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search', 'gen_ai.tool.args': '{"q":1}' }
  const { spans, output } = traceOf('spans', {
    spans: [
      span(1, null, { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'helper' }),
      span(2, 1, model('[{"tool.name": "search", "tool.args": "{\\"q\\":1}"}]')),
      span(3, 1, { ...tool, 'gen_ai.output': 'it broke' }, 'error'),
      span(4, 1, model('{"answer": 42}')),
    ],
  })
  expect(output).toBe('{"answer": 42}')
  expect(spans).toMatchObject([
    {
      attributes: {
        'gen_ai.agent.name': 'helper',
        'gen_ai.output.messages': [{ parts: [{ type: 'tool_call', name: 'search', arguments: { q: 1 } }] }],
      },
    },
    {
      error_class: 'tool_error',
      attributes: { 'gen_ai.tool.call.arguments': '{"q":1}', 'gen_ai.tool.call.result': 'it broke' },
    },
    {},
  ])
})

test('counts one call in the singular given plain spans', () => {
  const spans = [{ run_id: 'r', span_id: 's', step_type: 'tool_call', name: 'f', started_at_ms: 1, latency_ms: 1 }]
  expect(importRuns('plain', JSON.stringify(spans), 'f')[0]?.report.got).toEqual(['0 model calls, 1 tool call'])
})
