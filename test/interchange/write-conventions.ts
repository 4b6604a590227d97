import type { JsonValue } from '../../src/core/json.ts'
import type { SpanDraft } from './build-otlp.ts'

export const QUESTION = 'What is 15 * 37?'
const CALL = { id: 'call_1', name: 'calculator', arguments: { expression: '15 * 37' } }
const chat = { user: QUESTION, system: 'You add up.' }

/** The same run, asked once, one tool, asked again, as each convention writes it. */
export const CONVENTIONS: Record<string, { first: SpanDraft[]; tool: SpanDraft['attributes']; second: SpanDraft[] }> = {
  'GenAI, messages on the span': {
    first: [model('m1', { ...genAi(10, 5, 'tool_calls'), ...genAiMessages(1) })],
    tool: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'calculator',
      'gen_ai.tool.call.id': 'call_1',
      'gen_ai.tool.call.arguments': JSON.stringify(CALL.arguments),
      'gen_ai.tool.call.result': '555',
    },
    second: [model('m2', { ...genAi(20, 7, 'stop'), ...genAiMessages(2) })],
  },
  'GenAI, messages in an event, tool results only in the next request': {
    first: [model('m1', genAi(10, 5, 'tool_calls'), [details(1)])],
    tool: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'calculator',
      'gen_ai.tool.call.id': 'call_1',
    },
    second: [model('m2', genAi(20, 7, 'stop'), [details(2)])],
  },
  OpenInference: {
    first: [model('m1', openInference(1, 10, 5))],
    tool: {
      'openinference.span.kind': 'TOOL',
      'tool.name': 'calculator',
      'tool.id': 'call_1',
      'input.value': JSON.stringify(CALL.arguments),
      'output.value': '555',
    },
    second: [model('m2', openInference(2, 20, 7))],
  },
  'OpenLLMetry within a framework that has spans of its own': {
    first: [
      {
        id: 'f1',
        name: 'call_llm',
        at: 0,
        took: 110,
        attributes: { 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.input_tokens': 10 },
      },
      { ...model('m1', openLlmetry(1, 10, 5, 'tool_calls')), parent: 'f1' },
      {
        id: 'h1',
        parent: 'm1',
        name: 'POST',
        at: 1,
        took: 90,
        attributes: { 'http.method': 'POST', 'http.url': 'https://api.openai.com/v1/x' },
      },
    ],
    tool: {
      'traceloop.span.kind': 'tool',
      'gen_ai.tool.name': 'calculator',
      'gen_ai.tool.call.id': 'call_1',
      'gen_ai.tool.call.arguments': JSON.stringify(CALL.arguments),
      'gen_ai.tool.call.result': '555',
    },
    second: [model('m2', openLlmetry(2, 20, 7, 'stop'))],
  },
  'the AI SDK': {
    first: [model('m1', aiSdk(1, 10, 5, 'tool_calls'))],
    tool: {
      'ai.operationId': 'ai.toolCall',
      'ai.toolCall.name': 'calculator',
      'ai.toolCall.id': 'call_1',
      'ai.toolCall.args': JSON.stringify(CALL.arguments),
      'ai.toolCall.result': '555',
    },
    second: [model('m2', aiSdk(2, 20, 7, 'stop'))],
  },
}

/** A model call of a convention. */
export function model(id: string, attributes: Record<string, JsonValue>, events: SpanDraft['events'] = []): SpanDraft {
  return { id, name: 'chat gpt-4o', at: id === 'm1' ? 0 : 200, attributes, events, parent: 'agent' }
}

/** What the GenAI conventions say of a model call beside its messages. */
export function genAi(input: number, output: number, reason: string): Record<string, JsonValue> {
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.usage.input_tokens': input,
    'gen_ai.usage.output_tokens': output,
    'gen_ai.response.finish_reasons': [reason],
  }
}

function messages(turn: number): { input: JsonValue[]; output: JsonValue[] } {
  const asked = [
    { role: 'system', parts: [{ type: 'text', content: chat.system }] },
    { role: 'user', parts: [{ type: 'text', content: chat.user }] },
  ]
  const called = { role: 'assistant', parts: [{ type: 'tool_call', ...CALL }] }
  const told = { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_1', response: '555' }] }
  const said = { role: 'assistant', parts: [{ type: 'text', content: 'It is 555.' }] }
  return turn === 1 ? { input: asked, output: [called] } : { input: [...asked, called, told], output: [said] }
}

function genAiMessages(turn: number): Record<string, JsonValue> {
  const { input, output } = messages(turn)
  return { 'gen_ai.input.messages': JSON.stringify(input), 'gen_ai.output.messages': JSON.stringify(output) }
}

function details(turn: number): { name: string; attributes: Record<string, JsonValue> } {
  const { input, output } = messages(turn)
  const attributes = { 'gen_ai.input.messages': input, 'gen_ai.output.messages': output }
  return { name: 'gen_ai.client.inference.operation.details', attributes }
}

function openInference(turn: number, prompt: number, completion: number): Record<string, JsonValue> {
  const call = (at: string) => ({
    [`${at}.role`]: 'assistant',
    [`${at}.tool_calls.0.tool_call.id`]: 'call_1',
    [`${at}.tool_calls.0.tool_call.function.name`]: 'calculator',
    [`${at}.tool_calls.0.tool_call.function.arguments`]: JSON.stringify(CALL.arguments),
  })
  return {
    'openinference.span.kind': 'LLM',
    'llm.model_name': 'gpt-4o',
    'llm.provider': 'openai',
    'llm.finish_reason': turn === 1 ? 'tool_calls' : 'stop',
    'llm.token_count.prompt': prompt,
    'llm.token_count.completion': completion,
    'llm.input_messages.0.message.role': 'system',
    'llm.input_messages.0.message.content': chat.system,
    'llm.input_messages.1.message.role': 'user',
    'llm.input_messages.1.message.contents.0.message_content.type': 'text',
    'llm.input_messages.1.message.contents.0.message_content.text': chat.user,
    ...(turn === 1
      ? call('llm.output_messages.0.message')
      : {
          ...call('llm.input_messages.2.message'),
          'llm.input_messages.3.message.role': 'tool',
          'llm.input_messages.3.message.tool_call_id': 'call_1',
          'llm.input_messages.3.message.content': '555',
          'llm.output_messages.0.message.role': 'assistant',
          'llm.output_messages.0.message.content': 'It is 555.',
        }),
  }
}

function openLlmetry(turn: number, prompt: number, completion: number, reason: string): Record<string, JsonValue> {
  const call = (at: string) => ({
    [`${at}.role`]: 'assistant',
    [`${at}.tool_calls.0.id`]: 'call_1',
    [`${at}.tool_calls.0.name`]: 'calculator',
    [`${at}.tool_calls.0.arguments`]: JSON.stringify(CALL.arguments),
  })
  return {
    'llm.request.type': 'chat',
    'gen_ai.system': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.usage.prompt_tokens': String(prompt),
    'gen_ai.usage.completion_tokens': String(completion),
    'gen_ai.completion.0.finish_reason': reason,
    'gen_ai.prompt.0.role': 'system',
    'gen_ai.prompt.0.content': chat.system,
    'gen_ai.prompt.1.role': 'user',
    'gen_ai.prompt.1.content': chat.user,
    ...(turn === 1
      ? call('gen_ai.completion.0')
      : {
          ...call('gen_ai.prompt.2'),
          'gen_ai.prompt.3.role': 'tool',
          'gen_ai.prompt.3.tool_call_id': 'call_1',
          'gen_ai.prompt.3.content': '555',
          'gen_ai.completion.0.role': 'assistant',
          'gen_ai.completion.0.content': 'It is 555.',
        }),
  }
}

function aiSdk(turn: number, prompt: number, completion: number, reason: string): Record<string, JsonValue> {
  const asked = [
    { role: 'system', content: chat.system },
    { role: 'user', content: [{ type: 'text', text: chat.user }] },
  ]
  const call = { toolCallId: 'call_1', toolName: 'calculator', input: CALL.arguments }
  const result = {
    type: 'tool-result',
    toolCallId: 'call_1',
    toolName: 'calculator',
    output: { type: 'text', value: '555' },
  }
  const later = [
    { role: 'assistant', content: [{ type: 'tool-call', ...call }] },
    { role: 'tool', content: [result] },
  ]
  return {
    'ai.operationId': 'ai.generateText.doGenerate',
    'ai.model.id': 'gpt-4o',
    'gen_ai.system': 'openai',
    'gen_ai.response.finish_reasons': [reason],
    'ai.usage.inputTokens': prompt,
    'ai.usage.outputTokens': completion,
    'ai.prompt.messages': JSON.stringify(turn === 1 ? asked : [...asked, ...later]),
    ...(turn === 1 ? { 'ai.response.toolCalls': JSON.stringify([call]) } : { 'ai.response.text': 'It is 555.' }),
  }
}
