import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { detectFormat } from '../../src/interchange/detect-format.ts'
import { buildOtlp } from './build-otlp.ts'
import { importRuns, traceOf } from './import-trace.ts'

const at = (s: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, s)).toISOString()
const call = (id: string, name: string) => ({ id, type: 'function', function: { name, arguments: '{"q":1}' } })

function observation(id: string, type: string, from: number, more: JsonObject = {}): JsonObject {
  const times = { startTime: at(from), endTime: at(from + 1) }
  return { id, traceId: 't1', type, name: id, ...times, level: 'DEFAULT', parentObservationId: 'root', ...more }
}

function langfuse(toolType: string): JsonObject {
  const asks = { role: 'assistant', content: null, tool_calls: [call('c1', 'search'), call('c2', 'send')] }
  const root = observation('root', 'SPAN', 0, { parentObservationId: null, input: 'Find it.', output: 'Sorry.' })
  return {
    ...{ id: 't1', name: 'support' },
    observations: [
      { ...root, endTime: at(9) },
      observation('m1', 'GENERATION', 0, { model: 'm', input: [{ role: 'user', content: 'Find it.' }], output: asks }),
      observation('search', toolType, 1, { input: { q: 1 }, output: { found: 2 } }),
      observation('request', 'SPAN', 1, { parentObservationId: 'search' }),
      observation('send', toolType, 2, { input: { q: 1 }, level: 'ERROR', statusMessage: 'timeout after 5s' }),
      observation('m2', 'GENERATION', 3, { model: 'm', output: { role: 'assistant', content: 'Sorry.' } }),
      observation('parse', 'SPAN', 4, { level: 'ERROR' }),
    ],
  }
}

test('gives equal steps and an equal end given tools of Langfuse as spans of any type, and says what is left out', () => {
  const [asTools, asSpans] = [traceOf('langfuse', langfuse('TOOL')), traceOf('langfuse', langfuse('SPAN'))]
  const about = ({ spans, stop_reason }: typeof asTools) => ({
    stop_reason,
    spans: spans.map((span) => ({ ...span, run_id: '' })),
  })
  expect(about(asSpans)).toEqual(about(asTools))
  expect(asSpans.spans).toMatchObject([
    { name: 'm' },
    { name: 'search', attributes: { 'gen_ai.tool.call.result': '{"found":2}' } },
    { name: 'send', error_class: 'timeout' },
    { name: 'm' },
  ])
  const [run] = importRuns('langfuse', JSON.stringify(langfuse('SPAN')), 'f.json')
  expect(run?.report.got).toContain('left out: 2 spans, no step of the agent, 1 with an error')
})

test('counts cached and reasoning tokens as part of the whole given any form of usage of Langfuse', () => {
  const usage = (more: JsonObject) => {
    const [span] = traceOf('langfuse', {
      observations: [observation('m1', 'GENERATION', 0, { model: 'm', ...more })],
    }).spans
    const tokens = (name: string) => span?.attributes[`gen_ai.usage.${name}`]
    return ['input_tokens', 'cache_read.input_tokens', 'output_tokens', 'reasoning.output_tokens'].map(tokens)
  }
  const parts = { input: 50, input_cached_tokens: 1000, output: 10, output_reasoning_tokens: 90 }
  expect(usage({ usageDetails: { ...parts, total: 1150 } })).toEqual([1050, 1000, 100, 90])
  expect(usage({ usageDetails: parts })).toEqual([1050, 1000, 100, 90])
  // A client that did not take the parts off the whole.
  const whole = { input: 1050, input_cached_tokens: 1000, output: 100, output_reasoning_tokens: 90, total: 1150 }
  expect(usage({ usageDetails: whole })).toEqual([1050, 1000, 100, 90])
  expect(usage({ usageDetails: {}, usage: { input: 5, output: 2, unit: 'TOKENS' } })).toEqual([
    5,
    undefined,
    2,
    undefined,
  ])
  expect(usage({ promptTokens: 80, completionTokens: 20 })).toEqual([80, undefined, 20, undefined])
  expect(usage({ promptTokens: 0, completionTokens: 0 })).toEqual([undefined, undefined, undefined, undefined])
})

test('takes embeddings for requests, which say nothing of how the run ended, whoever traced them', () => {
  const chat = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': 'm',
    'gen_ai.response.finish_reasons': ['stop'],
  }
  const embeddings = {
    'gen_ai.operation.name': 'embeddings',
    'gen_ai.request.model': 'e',
    'gen_ai.usage.input_tokens': 7,
  }
  const inner = { 'openinference.span.kind': 'EMBEDDING', 'embedding.model_name': 'e' }
  const otlp = buildOtlp([
    { id: 'm', attributes: chat },
    { id: 'e', at: 200, attributes: embeddings },
    { id: 'i', at: 210, took: 10, parent: 'e', attributes: inner },
  ])
  const expected = [
    { step_type: 'llm_generate' },
    {
      step_type: 'http_request',
      attributes: { 'gen_ai.operation.name': 'embeddings', 'gen_ai.usage.input_tokens': 7 },
    },
  ]
  const trace = traceOf('otlp', otlp)
  expect(trace.stop_reason).toBe('stop')
  expect(trace.spans).toMatchObject(expected)
  expect(trace.spans).toHaveLength(2)
  const more = { model: 'e', input: 'a text', output: [[0.1, 0.2]], usageDetails: { input: 7, total: 7 } }
  const observations = [observation('m', 'GENERATION', 0, { model: 'm' }), observation('e', 'EMBEDDING', 1, more)]
  const { spans } = traceOf('langfuse', { observations })
  expect(spans).toMatchObject(expected)
  expect(spans[1]?.attributes).not.toHaveProperty('gen_ai.output.messages')
})

test('tells the class of an error by the words beside it given a trace of the OpenAI Agents SDK', () => {
  const span = (id: string, from: number, span_data: JsonObject, error: string) => ({
    ...{ object: 'trace.span', id, trace_id: 't', started_at: at(from), ended_at: at(from + 1), span_data },
    error: { message: 'Error', data: { error } },
  })
  const { spans } = traceOf('openai-agents', [
    span('s1', 0, { type: 'function', name: 'search' }, 'timeout after 5s'),
    span('s2', 1, { type: 'response', response_id: 'r' }, 'Error code: 429 - slow down'),
  ])
  expect(spans).toMatchObject([
    { error_class: 'timeout', attributes: { 'retrial.error.message': 'Error: timeout after 5s' } },
    { error_class: 'rate_limit' },
  ])
})

test('reads messages, tools and the agent given spans of Pydantic AI that hold all events in one attribute', () => {
  const asked = { 'event.name': 'gen_ai.assistant.message', role: 'assistant', tool_calls: [call('c1', 'search')] }
  const question = { 'event.name': 'gen_ai.user.message', role: 'user', content: 'Find it.' }
  const told = { 'event.name': 'gen_ai.tool.message', role: 'tool', id: 'c1', content: 'Found.' }
  const choice = (finish_reason: string, message: object) => ({ 'event.name': 'gen_ai.choice', finish_reason, message })
  const chat = (id: string, from: number, events: object[]) => ({
    ...{ id, at: from, parent: 'run' },
    attributes: {
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' },
      ...{ events: JSON.stringify(events) },
    },
  })
  const { spans, stop_reason, output, context } = traceOf(
    'otlp',
    buildOtlp([
      { id: 'run', took: 900, attributes: { agent_name: 'helper', model_name: 'm', final_result: 'Here.' } },
      chat('m1', 10, [question, choice('tool_calls', { role: 'assistant', tool_calls: [call('c1', 'search')] })]),
      {
        ...{ id: 'running tool', at: 200, parent: 'run' },
        attributes: { 'gen_ai.tool.name': 'search', tool_arguments: '{"q":1}', tool_response: 'Found.' },
      },
      chat('m2', 400, [question, asked, told, choice('stop', { role: 'assistant', content: 'Here.' })]),
    ]),
  )
  expect({ stop_reason, output, agent: context.agent }).toEqual({
    stop_reason: 'stop',
    output: 'Here.',
    agent: 'helper',
  })
  expect(spans).toMatchObject([
    { attributes: { 'retrial.request.message_count': 1, 'gen_ai.response.finish_reasons': ['tool_calls'] } },
    { attributes: { 'gen_ai.tool.call.arguments': '{"q":1}', 'gen_ai.tool.call.result': 'Found.' } },
    { attributes: { 'retrial.request.message_count': 3, 'gen_ai.agent.name': 'helper' } },
  ])
})

test('reads times, ids and order given spans as the console exporter of JavaScript prints them, in any order', () => {
  const at = Date.UTC(2026, 0, 1) * 1000
  const span = (id: string, parent: string | undefined, from: number, attributes: object) => ({
    ...{ traceId: 'ab'.repeat(16), id, name: id, kind: 0, timestamp: at + from, duration: 2500, attributes },
    ...{ ...(parent !== undefined && { parentSpanContext: { spanId: parent } }), status: { code: 0 }, events: [] },
  })
  const tool = span('00000000000000b2', '00000000000000a1', 4000, {
    ...{ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search' },
  })
  const model = span('00000000000000c3', '00000000000000a1', 1000, {
    ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' },
  })
  const agent = span('00000000000000a1', undefined, 0, {
    ...{ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'helper' },
  })
  const { spans, context } = traceOf('spans', [tool, agent, model])
  expect(context).toMatchObject({ agent: 'helper', started_at: at / 1000 })
  expect(spans).toMatchObject([
    { span_id: model.id, started_at_ms: at / 1000 + 1, latency_ms: 2.5, attributes: { 'gen_ai.agent.name': 'helper' } },
    { span_id: tool.id, name: 'search', started_at_ms: at / 1000 + 4, latency_ms: 2.5 },
  ])
  expect(detectFormat(JSON.stringify([agent]))).toBe('spans')
})
