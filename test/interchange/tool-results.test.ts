import { expect, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import { buildOtlp } from './build-otlp.ts'
import { traceOf } from './import-trace.ts'

/** The tool calls of a trace: the name, what was given back, and the class of an error. */
function tools(...[format, value]: Parameters<typeof traceOf>): string[] {
  return traceOf(format, value)
    .spans.filter(({ step_type }) => step_type === 'tool_call')
    .map(({ name, error_class, attributes }) => {
      return `${name}: ${attributes['gen_ai.tool.call.result']}${error_class === null ? '' : ` !${error_class}`}`
    })
}

const user = { role: 'user', content: 'Cancel both.' }
const use = (id: string, order: string) => ({ type: 'tool_use', id, name: 'cancel', input: { order } })
const asks = { role: 'assistant', content: [use('t1', 'A'), use('t2', 'B')] }
const tells = {
  role: 'user',
  content: [
    { type: 'tool_result', tool_use_id: 't2', content: [{ type: 'text', text: 'no such thing' }], is_error: true },
    { type: 'tool_result', tool_use_id: 't1', content: 'gone' },
  ],
}
const done = { role: 'assistant', content: [{ type: 'text', text: 'Half of it.' }] }

test('gives each call its own result, and fails the one whose result is flagged, given results in one message of Anthropic', () => {
  expect(tools('chat', [user, asks, tells, done])).toEqual(['cancel: gone', 'cancel: no such thing !tool_error'])
  const mixed = { ...tells, content: [...tells.content, { type: 'text', text: 'Go on.' }] }
  expect(tools('chat', [user, asks, mixed, done])).toEqual(['cancel: gone', 'cancel: no such thing !tool_error'])
})

test('matches results by name and order given calls of Gemini, which have no ids', () => {
  const call = (name: string, order: string) => ({ functionCall: { name, args: { order } } })
  const response = (name: string, response: object) => ({ functionResponse: { name, response } })
  const turn = [
    { role: 'user', parts: [{ text: 'Cancel both.' }] },
    { role: 'model', parts: [call('cancel', 'A'), call('refund', 'A'), call('cancel', 'B')] },
    {
      role: 'user',
      parts: [response('refund', { paid: 3 }), response('cancel', { ok: 1 }), response('cancel', { error: 'no' })],
    },
    { role: 'model', parts: [{ text: 'Half of it.' }] },
  ]
  expect(tools('chat', turn)).toEqual(['cancel: {"ok":1}', 'refund: {"paid":3}', 'cancel: {"error":"no"} !tool_error'])
})

test('recovers tools by name and order given a trace of model calls alone, whose calls have no ids', () => {
  const call = (order: string) => ({ functionCall: { name: 'cancel', args: { order } } })
  const response = (answer: string) => ({ functionResponse: { name: 'cancel', response: { answer } } })
  const first = [{ role: 'user', parts: [{ text: 'Cancel both.' }] }]
  const asked = { role: 'model', parts: [call('A'), call('B')] }
  const answered = { role: 'user', parts: [response('gone'), response('kept')] }
  const again = { role: 'model', parts: [call('B')] }
  const model = (id: string, input: JsonValue[], output: JsonValue) => ({
    ...{ id, at: Number(id.slice(1)) * 200 },
    attributes: {
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' },
      ...{ 'gen_ai.input.messages': JSON.stringify(input), 'gen_ai.output.messages': JSON.stringify([output]) },
    },
  })
  const second = [...first, asked, answered]
  const trace = buildOtlp([
    model('m1', first, asked),
    model('m2', second, again),
    model('m3', [...second, again, { role: 'user', parts: [response('gone too')] }], { role: 'model', parts: [] }),
  ])
  expect(tools('otlp', trace)).toEqual([
    ...['cancel: {"answer":"gone"}', 'cancel: {"answer":"kept"}', 'cancel: {"answer":"gone too"}'],
  ])
})

test('takes the next results in order given ids that do not fit, and none that belongs to a later call', () => {
  const call = (id: string | undefined) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })
  const turn = (tool_calls: object[]) => ({ role: 'assistant', content: null, tool_calls })
  const misfit = [user, turn([call('a'), call('b')]), { role: 'tool', content: '1' }, { role: 'tool', content: '2' }]
  expect(tools('chat', misfit)).toEqual(['f: 1', 'f: 2'])
  const again = [user, turn([call('a')]), turn([call('a')]), { role: 'tool', tool_call_id: 'a', content: '1' }]
  const [first, second, tool] = traceOf('chat', again).spans
  expect(first?.attributes['retrial.tool.not_executed']).toBe(1)
  expect(second?.attributes['retrial.tool.not_executed']).toBeUndefined()
  expect(tool?.span_id).toBe('m3.1')
})

test('fails a tool given the flag of the AI SDK in messages and in a trace of model calls alone', () => {
  const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'cancel', input: { order: 'A' } }
  const output = { type: 'error-text', value: 'not today' }
  const messages = [
    { role: 'user', content: [{ type: 'text', text: 'Cancel.' }] },
    { role: 'assistant', content: [call] },
    { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'c1', toolName: 'cancel', output }] },
  ]
  expect(tools('chat', messages)).toEqual(['cancel: not today !tool_error'])
  const model = (id: string, prompt: JsonValue[], more: Record<string, JsonValue>) => ({
    ...{ id, at: Number(id.slice(1)) * 200 },
    attributes: {
      ...{ 'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.id': 'm' },
      ...{ 'ai.prompt.messages': JSON.stringify(prompt), ...more },
    },
  })
  const calls = JSON.stringify([{ toolCallId: 'c1', toolName: 'cancel', input: '{"order":"A"}' }])
  const trace = buildOtlp([
    model('m1', messages.slice(0, 1) as JsonValue[], { 'ai.response.toolCalls': calls }),
    model('m2', messages as JsonValue[], { 'ai.response.text': 'Sorry.' }),
  ])
  expect(tools('otlp', trace)).toEqual(['cancel: not today !tool_error'])
})

test('fails a tool span that calls itself well given a message that flags its result', () => {
  const messages = JSON.stringify([user, asks, tells])
  const tool = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'cancel', 'gen_ai.tool.call.id': 't2' }
  const model = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'gen_ai.input.messages': messages }
  const trace = buildOtlp([
    { id: 't', attributes: tool },
    { id: 'm', at: 200, attributes: model },
  ])
  expect(tools('otlp', trace)).toEqual(['cancel: no such thing !tool_error'])
})
