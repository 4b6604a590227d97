import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts'
import { type HttpAnswer, type HttpRequest, payloadBytes } from '../model/interaction.ts'
import { finishOf } from './finish.ts'
import { findModelError, malformedAnswer } from './model-error.ts'
import type { ModelAnswer, ModelMessage, ModelRequest, Protocol, SaidAnswer, WrittenAnswer } from './protocol.ts'
import { blankAnswer, readAnswerBody } from './read-body.ts'
import { countOf, fieldOf, listOf, pathOf, stringOf, withoutFields } from './wire.ts'

type Unknown = JsonValue | undefined

/** Ollama's own chat: JSON, or a line of JSON for each piece. */
export const ollamaChat: Protocol = {
  id: 'ollama-chat',
  provider: 'ollama',
  operation: 'chat',
  volatileFields: [],
  generatedIdPattern: /^call_(?:[A-Za-z0-9]{16,}|(?=[A-Za-z]*\d)[A-Za-z0-9]+)$/,
  live: {
    base_url: 'OLLAMA_HOST',
    key: 'OLLAMA_API_KEY',
    path: '/api/chat',
    origin: 'https://ollama.com',
    authorise: (key) => ['authorization', `Bearer ${key}`],
  },
  detect: ({ url }: HttpRequest, { messages, model }: JsonObject) =>
    pathOf(url).endsWith('/api/chat') && Array.isArray(messages) && typeof model === 'string',
  readRequest,
  readAnswer,
  writeAnswer,
  readValue(value: JsonValue): ModelAnswer | null {
    if (!isJsonObject(fieldOf(value, 'message')) || typeof fieldOf(value, 'done') !== 'boolean') return null
    const answer = blankAnswer()
    readPiece(answer, value, 0)
    settle(answer)
    return answer
  },
}

function readRequest(body: JsonObject): ModelRequest {
  return {
    model: stringOf(body.model),
    // It streams unless it is told not to.
    stream: body.stream !== false,
    messages: listOf(body.messages).map(readMessage),
    tools: listOf(body.tools).flatMap((tool) => stringOf(fieldOf(fieldOf(tool, 'function'), 'name')) ?? []),
    parameters: withoutFields(body, ['model', 'stream', 'messages', 'tools']),
  }
}

function readMessage(message: JsonValue): ModelMessage {
  const role = stringOf(fieldOf(message, 'role')) ?? ''
  const images = listOf(fieldOf(message, 'images')).map(() => '[image]')
  const text = [stringOf(fieldOf(message, 'content')) ?? '', ...images].filter((part) => part !== '').join('\n')
  const result = {
    call_id: stringOf(fieldOf(message, 'tool_call_id')),
    name: stringOf(fieldOf(message, 'tool_name')) ?? stringOf(fieldOf(message, 'name')),
    text,
    is_error: false,
  }
  return {
    role,
    text: role === 'tool' ? '' : text,
    tool_calls: readCalls(message),
    tool_results: role === 'tool' ? [result] : [],
  }
}

function readCalls(message: Unknown): { id: string | null; name: string; arguments: string }[] {
  return listOf(fieldOf(message, 'tool_calls')).map((call) => {
    const made = fieldOf(call, 'function')
    const args = fieldOf(made, 'arguments') ?? {}
    return {
      id: stringOf(fieldOf(call, 'id')),
      name: stringOf(fieldOf(made, 'name')) ?? '',
      arguments: typeof args === 'string' ? args : JSON.stringify(args),
    }
  })
}

function readAnswer(answer: HttpAnswer): ModelAnswer {
  if (answer.status >= 400) return readAnswerBody(answer, { json: readPiece, stream: readNothing })
  const draft = blankAnswer()
  for (const { text, at_ms } of linesOf(answer)) {
    const piece = parseJson(text)
    if (piece === undefined) draft.error ??= malformedAnswer('A line of the answer is not JSON.')
    else readPiece(draft, piece, at_ms)
  }
  if (draft.complete_ms === null && draft.error === null && answer.chunks.length === 0) {
    draft.error = malformedAnswer('The answer is empty.')
  }
  settle(draft)
  return draft
}

function readNothing(): void {
  // It never sends events.
}

/** Lines with the time at which each was complete. The last one needs no end when it is whole JSON. */
function linesOf({ chunks, headers_ms }: HttpAnswer): { text: string; at_ms: number }[] {
  const lines: { text: string; at_ms: number }[] = []
  const decoder = new TextDecoder()
  let rest = ''
  let at_ms = headers_ms
  for (const [offset, payload] of chunks) {
    at_ms = offset
    const parts = (rest + decoder.decode(payloadBytes(payload), { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    for (const text of parts) if (text.trim() !== '') lines.push({ text, at_ms })
  }
  // One that broke off is left out.
  if (parseJson(rest) !== undefined) lines.push({ text: rest, at_ms })
  return lines
}

function readPiece(answer: ModelAnswer, piece: JsonValue, at_ms: number): void {
  const message = fieldOf(piece, 'message')
  answer.error ??= findModelError(piece)
  if (answer.error === null && !isJsonObject(message)) answer.error = malformedAnswer('The answer has no message.')
  answer.model ??= stringOf(fieldOf(piece, 'model'))
  answer.text += stringOf(fieldOf(message, 'content')) ?? ''
  for (const call of readCalls(message)) answer.tool_calls.push({ ...call, at_ms })
  if (fieldOf(piece, 'done') !== true) return
  answer.complete = true
  answer.complete_ms ??= at_ms
  answer.finish_reason = stringOf(fieldOf(piece, 'done_reason')) ?? 'stop'
  answer.usage = {
    input_tokens: countOf(fieldOf(piece, 'prompt_eval_count')),
    output_tokens: countOf(fieldOf(piece, 'eval_count')),
  }
}

/** It has no word for an answer that asks for tools: it is one that stops. */
function settle(answer: ModelAnswer): void {
  const { finish_reason, tool_calls } = answer
  if (finish_reason !== null) {
    answer.finish = finish_reason === 'stop' && tool_calls.length > 0 ? 'tool' : finishOf(finish_reason)
  }
  if (answer.error !== null) answer.finish = 'error'
}

function writeAnswer({ model, stream }: ModelRequest, { id, text, tool_calls }: SaidAnswer): WrittenAnswer {
  const calls = tool_calls.map((call, index) => ({ id: `call_${id}${index}`, function: { ...call } }))
  const message = { role: 'assistant', content: text, ...(calls.length > 0 && { tool_calls: calls }) }
  const head = { model, created_at: '1970-01-01T00:00:00Z' }
  const end = { done: true, done_reason: 'stop', prompt_eval_count: 0, eval_count: 0 }
  if (!stream) return { content_type: 'application/json', body: JSON.stringify({ ...head, message, ...end }) }
  const last = { ...head, message: { role: 'assistant', content: '' }, ...end }
  const lines = [{ ...head, message, done: false }, last].map((line) => `${JSON.stringify(line)}\n`)
  return { content_type: 'application/x-ndjson', body: lines.join('') }
}
