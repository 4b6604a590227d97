import { expect, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import type { RunTrace } from '../../src/model/trace.ts'
import { buildOtlp, hexId, type SpanDraft } from './build-otlp.ts'
import { traceOf } from './import-trace.ts'
import { CONVENTIONS, genAi, model, QUESTION } from './write-conventions.ts'

/** What every convention has to give alike. */
function steps({ spans }: RunTrace): JsonValue[] {
  const keys = [
    ...['provider.name', 'request.model', 'usage.input_tokens', 'usage.output_tokens', 'response.finish_reasons'],
    ...['input.messages', 'output.messages', 'tool.call.id', 'tool.call.arguments', 'tool.call.result'],
  ]
  return spans.map(({ step_type, name, parent_id, latency_ms, status, attributes }) => [
    ...[step_type, name, parent_id, latency_ms, status],
    ...keys.map((key) => attributes[`gen_ai.${key}`] ?? null),
  ])
}

const agent: SpanDraft = {
  id: 'agent',
  at: 0,
  took: 300,
  attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'sums' },
}

function exported({ first, tool = {}, second }: (typeof CONVENTIONS)[string]): RunTrace {
  const called: SpanDraft = {
    id: 't1',
    parent: 'agent',
    name: 'execute_tool calculator',
    at: 120,
    took: 50,
    attributes: tool,
  }
  return traceOf('otlp', buildOtlp([agent, ...first, called, ...second]))
}

test.each(Object.keys(CONVENTIONS))('gives the same steps given %s', (name) => {
  const trace = exported(CONVENTIONS[name] as (typeof CONVENTIONS)[string])
  const base = exported(CONVENTIONS['GenAI, messages on the span'] as (typeof CONVENTIONS)[string])
  expect(steps(trace)).toEqual(steps(base))
  expect(trace).toMatchObject({
    stop_reason: 'stop',
    output: 'It is 555.',
    latency_ms: 300,
    context: { agent: 'sums' },
  })
})

test('reads what the run was, in the right order and units, given the GenAI conventions', () => {
  const trace = exported(CONVENTIONS['GenAI, messages on the span'] as (typeof CONVENTIONS)[string])
  expect(steps(trace).map((step) => (step as JsonValue[]).slice(0, 5))).toEqual([
    ['llm_generate', 'gpt-4o', null, 100, 'ok'],
    ['tool_call', 'calculator', null, 50, 'ok'],
    ['llm_generate', 'gpt-4o', null, 100, 'ok'],
  ])
  expect(trace.events.map(({ event, tool, at_ms }) => [event, tool ?? '', at_ms - trace.context.started_at])).toEqual([
    ['run_started', '', 0],
    ['agent_step', '', 0],
    ['llm_result', '', 100],
    ['tool_call', 'calculator', 120],
    ['tool_result', 'calculator', 170],
    ['agent_step', '', 200],
    ['llm_result', '', 300],
    ['run_finished', '', 300],
  ])
  expect(trace.input).toBe(QUESTION)
})

test('reads tool calls off the messages given model calls alone', () => {
  const { first, second } = CONVENTIONS['GenAI, messages on the span'] as (typeof CONVENTIONS)[string]
  const { spans } = traceOf('otlp', buildOtlp([agent, ...first, ...second]))
  expect(spans.map(({ step_type }) => step_type)).toEqual(['llm_generate', 'tool_call', 'llm_generate'])
  expect(spans[1]).toMatchObject({
    name: 'calculator',
    latency_ms: 100,
    attributes: { 'gen_ai.tool.call.result': '555' },
  })
})

test.each([
  ['timeout', { 'error.type': 'TimeoutError' }, 'The operation timed out'],
  ['rate_limit', { 'error.type': 'openai.RateLimitError' }, ''],
  ['rate_limit', { 'error.type': '429' }, ''],
  ['context_length', {}, "This model's maximum context length is 8192 tokens"],
  ['server_error', {}, 'something else'],
])('gives an error the class %s given %o and %s', (error_class, attributes, message) => {
  const draft = { ...model('m1', { ...genAi(1, 1, 'error'), ...attributes }), error: message }
  const [span] = traceOf('otlp', buildOtlp([draft])).spans
  expect(span).toMatchObject({ status: 'error', error_class, attributes: { 'error.type': error_class } })
})

test('takes a tool whose result says so for failed given a span that ended well', () => {
  const attributes = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'f',
    'gen_ai.tool.call.result': 'Error: connection refused',
  }
  const [span] = traceOf('otlp', buildOtlp([{ id: 't', attributes }])).spans
  expect(span).toMatchObject({ status: 'error', error_class: 'connection' })
})

test('reads the plain requests given a trace without a model call', () => {
  const attributes = {
    'http.request.method': 'GET',
    'url.full': 'https://x.test/a?b=1',
    'http.response.status_code': 503,
  }
  const { spans } = traceOf('otlp', buildOtlp([{ id: 'h', attributes }]))
  expect(spans).toMatchObject([{ step_type: 'http_request', name: 'GET x.test/a', error_class: 'overloaded' }])
})

test('reads ids in base64, Tempo batches and JSON Lines alike given the same spans', () => {
  const { first, tool, second } = CONVENTIONS.OpenInference as (typeof CONVENTIONS)[string]
  const drafts = [agent, ...first, { id: 't1', parent: 'agent', at: 120, took: 50, attributes: tool ?? {} }, ...second]
  const whole = buildOtlp(drafts, { 'service.name': 'sums', 'service.version': 'v2' })
  const base = traceOf('otlp', whole)
  expect(base.context.release).toBe('v2')
  const lines = drafts.map((draft) => JSON.stringify(buildOtlp([draft], { 'service.version': 'v2' }))).join('\n')
  expect(steps(traceOf('otlp', `${lines}\n`))).toEqual(steps(base))
  const based = JSON.stringify({ batches: whole.resourceSpans }).replace(
    /"((?:trace|span|parentSpan)Id)":"([0-9a-f]+)"/g,
    (_, key, hex) => `"${key}":"${Buffer.from(hex, 'hex').toString('base64')}"`,
  )
  const tempo = traceOf('tempo', based)
  expect(steps(tempo)).toEqual(steps(base))
  expect(tempo.spans[0]?.span_id).toBe(hexId('m1'))
})
