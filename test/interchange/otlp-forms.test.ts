import { expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { detectFormat } from '../../src/interchange/detect-format.ts'
import { writeKeyValues } from '../../src/interchange/trace/write-any-value.ts'
import { buildOtlp, hexId } from './build-otlp.ts'
import { traceOf } from './import-trace.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const model = (id: string, at: number) => {
  return { id, at, attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' } }
}
const SPANS = buildOtlp([model('m1', 0), model('m2', 200)])

type Record = { span: string; name: string; body?: JsonObject; attributes?: JsonObject }

function logs(...records: Record[]): JsonObject {
  const logRecords = records.map(({ span, name, body, attributes = {} }) => ({
    ...{ traceId: TRACE_ID, spanId: hexId(span), eventName: name, attributes: writeKeyValues(attributes) },
    ...(body !== undefined && { body: (writeKeyValues({ body })[0] as JsonObject).value as JsonValue }),
  }))
  return { resourceLogs: [{ scopeLogs: [{ logRecords }] }] }
}

const call = { id: 'c1', type: 'function', function: { name: 'search', arguments: '{"q":1}' } }
const question: Record = { span: 'm2', name: 'gen_ai.user.message', body: { content: 'Find it.' } }

test('reads messages and tools off the log records that name the spans given one message a record', () => {
  const told = logs(
    { ...question, span: 'm1' },
    { span: 'm1', name: 'gen_ai.choice', body: { finish_reason: 'tool_calls', message: { tool_calls: [call] } } },
    question,
    { span: 'm2', name: 'gen_ai.assistant.message', body: { tool_calls: [call] } },
    { span: 'm2', name: 'gen_ai.tool.message', body: { id: 'c1', content: 'Found.' } },
    { span: 'm2', name: 'gen_ai.choice', body: { finish_reason: 'stop', message: { content: 'Here.' } } },
    { span: 'm9', name: 'gen_ai.user.message', body: { content: 'of another span' } },
  )
  const lines = [told, SPANS].map((value) => JSON.stringify(value)).join('\n')
  expect(detectFormat(lines)).toBe('otlp')
  for (const value of [lines, { ...SPANS, ...told }]) {
    const { spans, stop_reason, input, output } = traceOf('otlp', value)
    expect({ stop_reason, input, output }).toEqual({ stop_reason: 'stop', input: 'Find it.', output: 'Here.' })
    expect(spans).toMatchObject([
      { name: 'm', attributes: { 'retrial.request.message_count': 1 } },
      { name: 'search', attributes: { 'gen_ai.tool.call.result': 'Found.' } },
      { name: 'm', attributes: { 'retrial.request.message_count': 3 } },
    ])
  }
})

test('reads all messages of a call off one log record, wherever in it they stand', () => {
  const details = {
    'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: 'Hi.' }] }],
    'gen_ai.output.messages': [{ role: 'assistant', parts: [{ type: 'text', content: 'Ho.' }], finish_reason: 'stop' }],
  }
  const name = 'gen_ai.client.inference.operation.details'
  for (const where of [{ attributes: details }, { body: details }]) {
    const { output, stop_reason } = traceOf('otlp', { ...SPANS, ...logs({ span: 'm2', name, ...where }) })
    expect({ output, stop_reason }).toEqual({ output: 'Ho.', stop_reason: 'stop' })
  }
})

test('reads equal spans given the names of protobuf in the place of those of OTLP/JSON', () => {
  const snake = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(snake)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        snake(item),
      ]),
    )
  }
  const whole = { ...SPANS, ...logs(question) }
  const [one, two] = [traceOf('otlp', whole), traceOf('otlp', snake(whole), { run_id: 'run_1' })]
  expect(two.spans.map((span) => ({ ...span, run_id: '' }))).toEqual(one.spans.map((span) => ({ ...span, run_id: '' })))
  expect(two.input).toBe('Find it.')
})
