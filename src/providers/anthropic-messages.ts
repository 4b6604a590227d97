import type { JsonObject, JsonValue } from '../core/json.ts'
import type { HttpAnswer, HttpRequest } from '../model/interaction.ts'
import { finishOf } from './finish.ts'
import { findModelError, malformedAnswer } from './model-error.ts'
import type {
  ModelAnswer,
  ModelMessage,
  ModelRequest,
  ModelToolResult,
  Protocol,
  SaidAnswer,
  WrittenAnswer,
} from './protocol.ts'
import { blankAnswer, readAnswerBody, type StreamEvent } from './read-body.ts'
import { contentText, countOf, fieldOf, listOf, pathOf, stringOf, withoutFields } from './wire.ts'

type Unknown = JsonValue | undefined

/** Anthropic's messages, on its own API, behind gateways, and on Vertex AI. */
export const anthropicMessages: Protocol = {
  id: 'anthropic-messages',
  provider: 'anthropic',
  operation: 'chat',
  // An opaque id for abuse detection; some clients put a session id into it.
  volatileFields: ['$.metadata.user_id'],
  generatedIdPattern: /^(?:toolu|msg)_(?:[A-Za-z0-9]+_)*(?:[A-Za-z0-9]{16,}|(?=[A-Za-z]*\d)[A-Za-z0-9]+)$/,
  live: {
    base_url: 'ANTHROPIC_BASE_URL',
    key: 'ANTHROPIC_API_KEY',
    path: '/v1/messages',
    origin: 'https://api.anthropic.com',
    authorise: (key) => ['x-api-key', key],
  },
  detect(request: HttpRequest, body: JsonObject): boolean {
    if (!Array.isArray(body.messages)) return false
    const path = pathOf(request.url)
    // The version in the body stands for the header on Vertex AI, where the path names the model.
    if (/:(?:streamRawPredict|rawPredict)$/.test(path)) return typeof body.anthropic_version === 'string'
    return path.endsWith('/messages') && typeof body.model === 'string' && typeof body.max_tokens === 'number'
  },
  readRequest,
  readAnswer: (answer: HttpAnswer) => readAnswerBody(answer, { json: readJson, stream: readStream }),
  writeAnswer,
  readValue(value: JsonValue): ModelAnswer | null {
    if (fieldOf(value, 'type') !== 'message' || !Array.isArray(fieldOf(value, 'content'))) return null
    const answer = blankAnswer()
    readJson(answer, value)
    answer.complete = true
    answer.complete_ms = 0
    return answer
  },
}

function writeAnswer({ model, stream }: ModelRequest, { id, text, tool_calls }: SaidAnswer): WrittenAnswer {
  const tools = tool_calls.map((call, i) => ({
    type: 'tool_use',
    id: `toolu_${id}${i}`,
    name: call.name,
    input: call.arguments,
  }))
  const texts = text === '' && tools.length > 0 ? [] : [{ type: 'text', text }]
  const stop_reason = tools.length > 0 ? 'tool_use' : 'end_turn'
  const usage = { input_tokens: 0, output_tokens: 0 }
  const message = { id: `msg_${id}`, type: 'message', role: 'assistant', model, stop_sequence: null, usage }
  if (!stream) {
    const body = JSON.stringify({ ...message, content: [...texts, ...tools], stop_reason })
    return { content_type: 'application/json', body }
  }
  const events: { type: string; [key: string]: unknown }[] = [
    { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
    ...[...texts, ...tools].flatMap((block, index) => writeBlock(block, index)),
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 0 } },
    { type: 'message_stop' },
  ]
  const body = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  return { content_type: 'text/event-stream', body }
}

function writeBlock(block: { type: string; text?: string; input?: JsonValue }, index: number): { type: string }[] {
  const isText = block.type === 'text'
  const delta = isText
    ? { type: 'text_delta', text: block.text }
    : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) }
  const content_block = isText ? { type: 'text', text: '' } : { ...block, input: {} }
  return [
    { type: 'content_block_start', index, content_block } as { type: string },
    { type: 'content_block_delta', index, delta } as { type: string },
    { type: 'content_block_stop', index } as { type: string },
  ]
}

function readRequest(body: JsonObject, url: string): ModelRequest {
  const system = body.system
  const messages = listOf(body.messages).map(readMessage)
  if (system !== undefined && system !== null) {
    messages.unshift({ role: 'system', text: contentText(system), tool_calls: [], tool_results: [] })
  }
  return {
    model: stringOf(body.model) ?? /\/models\/([^/:]+):/.exec(url)?.[1] ?? null,
    stream: body.stream === true,
    messages,
    tools: listOf(body.tools).flatMap((tool) => stringOf(fieldOf(tool, 'name')) ?? []),
    parameters: withoutFields(body, ['model', 'stream', 'messages', 'system', 'tools']),
  }
}

function readMessage(message: JsonValue): ModelMessage {
  const content = fieldOf(message, 'content')
  const blocks = listOf(content)
  const ofType = (type: string) => blocks.filter((block) => fieldOf(block, 'type') === type)
  const structural = ['tool_use', 'tool_result', 'thinking', 'redacted_thinking']
  return {
    role: stringOf(fieldOf(message, 'role')) ?? '',
    text: contentText(
      Array.isArray(content)
        ? blocks.filter((block) => !structural.includes(stringOf(fieldOf(block, 'type')) ?? ''))
        : content,
    ),
    tool_calls: ofType('tool_use').map((block) => ({
      id: stringOf(fieldOf(block, 'id')),
      name: stringOf(fieldOf(block, 'name')) ?? '',
      arguments: JSON.stringify(fieldOf(block, 'input') ?? {}),
    })),
    tool_results: ofType('tool_result').map(readToolResult),
  }
}

function readToolResult(block: JsonValue): ModelToolResult {
  return {
    call_id: stringOf(fieldOf(block, 'tool_use_id')),
    name: null,
    text: contentText(fieldOf(block, 'content')),
    is_error: fieldOf(block, 'is_error') === true,
  }
}

function readJson(answer: ModelAnswer, body: JsonValue, at_ms = 0): void {
  answer.error = findModelError(body)
  if (answer.error === null && !Array.isArray(fieldOf(body, 'content'))) {
    answer.error = malformedAnswer('The answer has no content.')
  }
  startMessage(answer, body)
  for (const block of listOf(fieldOf(body, 'content'))) {
    const type = fieldOf(block, 'type')
    if (type === 'text') answer.text += stringOf(fieldOf(block, 'text')) ?? ''
    if (type === 'tool_use') {
      const text = JSON.stringify(fieldOf(block, 'input') ?? {})
      answer.tool_calls.push({ ...nameOf(block), arguments: text, at_ms })
    }
  }
}

function nameOf(block: Unknown): { id: string | null; name: string } {
  return { id: stringOf(fieldOf(block, 'id')), name: stringOf(fieldOf(block, 'name')) ?? '' }
}

function startMessage(answer: ModelAnswer, message: Unknown): void {
  answer.model = stringOf(fieldOf(message, 'model'))
  answer.id = stringOf(fieldOf(message, 'id'))
  readStop(answer, message)
  const usage = fieldOf(message, 'usage')
  if (typeof usage === 'object' && usage !== null) setUsage(answer, [usage])
}

function readStop(answer: ModelAnswer, holder: Unknown): void {
  const reason = fieldOf(holder, 'stop_reason')
  if (typeof reason !== 'string') return
  answer.finish_reason = reason
  answer.finish = finishOf(reason)
  if (reason === 'refusal') answer.refusal = stringOf(fieldOf(fieldOf(holder, 'stop_details'), 'explanation')) ?? ''
}

/** Each field is a total, and stands in the latest event that has it. */
function setUsage(answer: ModelAnswer, usages: JsonValue[]): void {
  const latest = (key: string) =>
    countOf(usages.map((usage) => fieldOf(usage, key)).findLast((value) => typeof value === 'number'))
  answer.usage = {
    input_tokens: latest('input_tokens') + latest('cache_creation_input_tokens') + latest('cache_read_input_tokens'),
    output_tokens: latest('output_tokens'),
  }
}

interface Block {
  head: Unknown
  text: string
  at_ms: number
}

function readStream(answer: ModelAnswer, events: StreamEvent[]): void {
  const blocks = new Map<number, Block>()
  let usages: JsonValue[] = []
  let malformed = false
  for (const { name, json, data, at_ms } of events) {
    // Servers that know chat completions better may close the stream as those do.
    if (data === '[DONE]') continue
    malformed ||= json === undefined
    const type = stringOf(fieldOf(json, 'type')) ?? name
    const usage = fieldOf(type === 'message_start' ? fieldOf(json, 'message') : json, 'usage')
    if (type === 'message_start') {
      // A provider that starts over within a stream sends everything again.
      blocks.clear()
      usages = []
      startMessage(answer, fieldOf(json, 'message'))
    }
    if (usage !== undefined && usage !== null) usages.push(usage)
    if (type === 'error') answer.error ??= findModelError(json) ?? malformedAnswer('The stream ended in an error.')
    if (type === 'message_delta') readStop(answer, fieldOf(json, 'delta'))
    if (type?.startsWith('content_block_')) readBlockEvent(blocks, json, type, at_ms)
    if (type === 'message_stop') answer.complete = true
    if (answer.finish_reason !== null) answer.complete = true
    if (answer.complete) answer.complete_ms ??= at_ms
  }
  if (malformed) answer.error ??= malformedAnswer('An event of the stream is not JSON.')
  if (usages.length > 0) setUsage(answer, usages)
  for (const block of blocks.values()) addBlock(answer, block)
}

function readBlockEvent(blocks: Map<number, Block>, json: Unknown, type: string, at_ms: number): void {
  const index = countOf(fieldOf(json, 'index'))
  const known = blocks.get(index)
  if (type === 'content_block_start') {
    const head = fieldOf(json, 'content_block')
    blocks.set(index, { head, text: stringOf(fieldOf(head, 'text')) ?? '', at_ms })
  } else if (known !== undefined) {
    const delta = fieldOf(json, 'delta')
    known.text += stringOf(fieldOf(delta, 'text')) ?? stringOf(fieldOf(delta, 'partial_json')) ?? ''
    known.at_ms = at_ms
  }
}

function addBlock(answer: ModelAnswer, { head, text, at_ms }: Block): void {
  const type = fieldOf(head, 'type')
  if (type === 'text') answer.text += text
  if (type !== 'tool_use') return
  const input = text === '' ? JSON.stringify(fieldOf(head, 'input') ?? {}) : text
  answer.tool_calls.push({ ...nameOf(head), arguments: input, at_ms })
}
