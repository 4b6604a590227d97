import type { JsonObject, JsonValue } from '../core/json.ts'
import type { HttpAnswer, HttpRequest } from '../model/interaction.ts'
import { finishOf } from './finish.ts'
import { findModelError, malformedAnswer } from './model-error.ts'
import type {
  ModelAnswer,
  ModelMessage,
  ModelRequest,
  ModelToolCall,
  ModelUsage,
  Protocol,
  SaidAnswer,
  WrittenAnswer,
} from './protocol.ts'
import { blankAnswer, readAnswerBody, type StreamEvent } from './read-body.ts'
import { contentText, countOf, fieldOf, listOf, pathOf, stringOf, withoutFields } from './wire.ts'

type Unknown = JsonValue | undefined

/** OpenAI's chat completions, and all the providers and gateways that speak it. Of several choices the first is read. */
export const openaiChat: Protocol = {
  id: 'openai-chat',
  provider: 'openai',
  operation: 'chat',
  volatileFields: [],
  // Short ids need a digit, so that a word such as `call_center` is never taken for one.
  generatedIdPattern: /^(?:call|chatcmpl)[-_](?:[A-Za-z0-9]{16,}|(?=[A-Za-z]*\d)[A-Za-z0-9]+)$/,
  live: {
    base_url: 'OPENAI_BASE_URL',
    key: 'OPENAI_API_KEY',
    path: '/chat/completions',
    origin: 'https://api.openai.com',
    authorise: (key) => ['authorization', `Bearer ${key}`],
  },
  detect: (request: HttpRequest, body: JsonObject) =>
    pathOf(request.url).endsWith('/chat/completions') && Array.isArray(body.messages),
  readRequest,
  readAnswer: (answer: HttpAnswer) => readAnswerBody(answer, { json: readJson, stream: readStream }),
  writeAnswer,
  readValue(value: JsonValue): ModelAnswer | null {
    if (!Array.isArray(fieldOf(value, 'choices'))) return null
    const answer = blankAnswer()
    readJson(answer, value)
    answer.complete = true
    answer.complete_ms = 0
    return answer
  },
}

function writeAnswer({ model, stream }: ModelRequest, { id, text, tool_calls }: SaidAnswer): WrittenAnswer {
  const calls = tool_calls.map(({ name, arguments: args }, index) => ({
    id: `call_${id}${index}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(args) },
  }))
  const message = {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  const finish_reason = calls.length > 0 ? 'tool_calls' : 'stop'
  const head = { id: `chatcmpl-${id}`, created: 0, model }
  if (!stream) {
    const choices = [{ index: 0, message, finish_reason, logprobs: null }]
    const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
    const body = JSON.stringify({ ...head, object: 'chat.completion', choices, usage })
    return { content_type: 'application/json', body }
  }
  const delta = {
    ...message,
    ...(calls.length > 0 && { tool_calls: calls.map((call, index) => ({ index, ...call })) }),
  }
  const chunks = [
    { index: 0, delta, finish_reason: null },
    { index: 0, delta: {}, finish_reason },
  ].map((choice) => JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [choice] }))
  return { content_type: 'text/event-stream', body: [...chunks, '[DONE]'].map((data) => `data: ${data}\n\n`).join('') }
}

function readRequest(body: JsonObject, url: string): ModelRequest {
  const tools = [...listOf(body.tools).map((tool) => fieldOf(tool, 'function') ?? fieldOf(tool, 'custom') ?? tool)]
  return {
    // On Azure the path names it.
    model: stringOf(body.model) ?? /\/deployments\/([^/]+)\//.exec(pathOf(url))?.[1] ?? null,
    stream: body.stream === true,
    messages: listOf(body.messages).map(readMessage),
    tools: [...tools, ...listOf(body.functions)].flatMap((tool) => stringOf(fieldOf(tool, 'name')) ?? []),
    parameters: withoutFields(body, ['model', 'stream', 'messages', 'tools', 'functions']),
  }
}

function readMessage(message: JsonValue): ModelMessage {
  const role = stringOf(fieldOf(message, 'role')) ?? ''
  const text = contentText(fieldOf(message, 'content'))
  const isResult = role === 'tool' || role === 'function'
  return {
    role,
    text: isResult ? '' : text,
    tool_calls: readToolCalls(message),
    tool_results: isResult
      ? [
          {
            call_id: stringOf(fieldOf(message, 'tool_call_id')),
            name: stringOf(fieldOf(message, 'name')),
            text,
            is_error: false,
          },
        ]
      : [],
  }
}

function readToolCalls(message: Unknown): ModelToolCall[] {
  const calls = listOf(fieldOf(message, 'tool_calls')).map(readToolCall)
  const old = fieldOf(message, 'function_call')
  return typeof old === 'object' && old !== null ? [...calls, { ...readFunction(old), id: null }] : calls
}

/** The custom tool that is called. Some servers send an empty one beside each function. */
function customOf(call: JsonValue): Unknown {
  const custom = fieldOf(call, 'custom')
  return stringOf(fieldOf(fieldOf(call, 'function'), 'name')) ? undefined : (custom ?? undefined)
}

function readToolCall(call: JsonValue): ModelToolCall {
  const id = stringOf(fieldOf(call, 'id'))
  const custom = customOf(call)
  if (custom === undefined) return { ...readFunction(fieldOf(call, 'function')), id }
  return {
    id,
    name: stringOf(fieldOf(custom, 'name')) ?? '',
    arguments: JSON.stringify(stringOf(fieldOf(custom, 'input')) ?? ''),
  }
}

function readFunction(call: Unknown): Omit<ModelToolCall, 'id'> {
  const args = fieldOf(call, 'arguments')
  // Some servers that imitate the protocol send the arguments parsed.
  const text = typeof args === 'string' || args === undefined || args === null ? (args ?? '') : JSON.stringify(args)
  return { name: stringOf(fieldOf(call, 'name')) ?? '', arguments: text }
}

function readUsage(usage: Unknown): ModelUsage | null {
  if (typeof usage !== 'object' || usage === null) return null
  return {
    input_tokens: countOf(fieldOf(usage, 'prompt_tokens')),
    output_tokens: countOf(fieldOf(usage, 'completion_tokens')),
  }
}

function firstChoice(body: JsonValue): Unknown {
  const choices = listOf(fieldOf(body, 'choices'))
  return choices.find((choice) => countOf(fieldOf(choice, 'index')) === 0)
}

function readJson(answer: ModelAnswer, body: JsonValue, at_ms = 0): void {
  answer.error = findModelError(body)
  if (answer.error === null && !Array.isArray(fieldOf(body, 'choices'))) {
    answer.error = malformedAnswer('The answer has no choices.')
  }
  const choice = firstChoice(body)
  const message = fieldOf(choice, 'message')
  answer.error ??= findModelError(choice)
  answer.model = stringOf(fieldOf(body, 'model'))
  answer.id = stringOf(fieldOf(body, 'id'))
  answer.text = saidText(message)
  answer.refusal = stringOf(fieldOf(message, 'refusal'))
  answer.tool_calls = readToolCalls(message).map((call) => ({ ...call, at_ms }))
  answer.usage = readUsage(fieldOf(body, 'usage'))
  setFinish(answer, fieldOf(choice, 'finish_reason'))
}

/** What a model says: a text, or parts of one, such as Mistral sends, among which its reasoning may be; or what is heard. */
function saidText(message: Unknown): string {
  const content = fieldOf(message, 'content')
  const text = Array.isArray(content) ? content.map(textOfPart).join('') : contentText(content)
  return text === '' ? (stringOf(fieldOf(fieldOf(message, 'audio'), 'transcript')) ?? '') : text
}

function textOfPart(part: JsonValue): string {
  return stringOf(fieldOf(part, 'text')) ?? stringOf(fieldOf(part, 'refusal')) ?? ''
}

function setFinish(answer: ModelAnswer, reason: Unknown): void {
  // Some servers send an empty one until there is one.
  if (typeof reason !== 'string' || reason === '') return
  answer.finish_reason = reason
  answer.finish = finishOf(reason)
}

interface PartialCall {
  key: number | string | null
  id: string | null
  name: string
  text: string
  custom: boolean
  at_ms: number
}

function readStream(answer: ModelAnswer, events: StreamEvent[]): void {
  const calls: PartialCall[] = []
  let malformed = false
  for (const { name, json, data, at_ms } of events) {
    if (data === '[DONE]') {
      answer.complete = true
      answer.complete_ms ??= at_ms
      break
    }
    if (json === undefined) {
      malformed = true
      continue
    }
    // Groq tells of errors and of tokens in a field of its own.
    const groq = fieldOf(json, 'x_groq')
    const choice = firstChoice(json)
    answer.error ??= findModelError(json) ?? findModelError(groq) ?? findModelError(choice)
    answer.error ??= name === 'error' ? findModelError({ error: json }) : null
    // Azure's first event tells of its filters alone, with an empty name.
    answer.model ??= stringOf(fieldOf(json, 'model')) || null
    answer.id ??= stringOf(fieldOf(json, 'id')) || null
    answer.usage = readUsage(fieldOf(json, 'usage')) ?? readUsage(fieldOf(groq, 'usage')) ?? answer.usage
    readDelta(answer, calls, fieldOf(choice, 'delta'), at_ms)
    setFinish(answer, fieldOf(choice, 'finish_reason'))
    if (answer.finish_reason !== null) {
      answer.complete = true
      answer.complete_ms ??= at_ms
    }
  }
  if (malformed) answer.error ??= malformedAnswer('An event of the stream is not JSON.')
  answer.tool_calls = calls.map(({ id, name, text, custom, at_ms }) => {
    return { id, name, arguments: custom ? JSON.stringify(text) : text, at_ms }
  })
}

function readDelta(answer: ModelAnswer, calls: PartialCall[], delta: Unknown, at_ms: number): void {
  answer.text += saidText(delta)
  const refusal = stringOf(fieldOf(delta, 'refusal'))
  if (refusal !== null) answer.refusal = (answer.refusal ?? '') + refusal
  for (const part of listOf(fieldOf(delta, 'tool_calls'))) appendCall(calls, part, at_ms)
  const old = fieldOf(delta, 'function_call')
  if (typeof old === 'object' && old !== null) appendCall(calls, { index: 'function_call', function: old }, at_ms)
}

function appendCall(calls: PartialCall[], part: JsonValue, at_ms: number): void {
  const index = fieldOf(part, 'index')
  const id = stringOf(fieldOf(part, 'id')) || null
  // Servers that leave the index out name a call by its id, and continue the last one without either.
  const key = typeof index === 'number' || typeof index === 'string' ? index : (id ?? calls.at(-1)?.key ?? null)
  let call = calls.find((known) => known.key === key)
  if (call === undefined) {
    call = { key, id: null, name: '', text: '', custom: false, at_ms }
    calls.push(call)
  }
  // What a call is, its first piece says.
  const custom = call.name !== '' && !call.custom ? undefined : customOf(part)
  const body = custom ?? fieldOf(part, 'function')
  call.id = id ?? call.id
  call.name = stringOf(fieldOf(body, 'name')) || call.name
  call.custom ||= custom !== undefined
  call.text += custom === undefined ? readFunction(body).arguments : (stringOf(fieldOf(custom, 'input')) ?? '')
  call.at_ms = at_ms
}
