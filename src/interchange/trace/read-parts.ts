import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { field, objectAt, type Part, text, unpack } from './message.ts'

/**
 * The parts of a message's content in any dialect: a text, or a list of blocks of OpenAI, Anthropic, Gemini, the AI SDK, LangChain,
 * OpenInference or the GenAI conventions.
 */
export function readParts(content: JsonValue | undefined): Part[] {
  if (content === undefined || content === null || content === '') return []
  if (typeof content === 'string') return [{ type: 'text', content }]
  if (Array.isArray(content)) return content.flatMap(readBlock)
  if (isJsonObject(content)) return readBlock(content)
  return [{ type: 'text', content: String(content) }]
}

function readBlock(block: JsonValue): Part[] {
  if (typeof block === 'string') return block === '' ? [] : [{ type: 'text', content: block }]
  if (!isJsonObject(block)) return []
  const wrapped = objectAt(block, 'message_content')
  if (wrapped !== undefined) return readBlock(wrapped)
  return readToolBlock(block) ?? readTextBlock(block)
}

function readToolBlock(block: JsonObject): Part[] | null {
  const { type } = block
  const called = objectAt(block, 'functionCall', 'function_call', 'toolUse')
  if (called !== undefined) return [readCall(called)]
  const answered = objectAt(block, 'functionResponse', 'function_response', 'toolResult')
  if (answered !== undefined) return [readResponse(answered)]
  if (type === 'tool_use' || type === 'tool_call' || type === 'tool-call' || type === 'function_call') {
    return [readCall(block)]
  }
  if (type === 'tool_result' || type === 'tool_call_response' || type === 'tool-result') return [readResponse(block)]
  return null
}

function readTextBlock(block: JsonObject): Part[] {
  const { type } = block
  if (type === 'reasoning' || type === 'thinking') {
    const said = text(block, 'content', 'thinking', 'text', 'reasoning') ?? summaryOf(block)
    return said === undefined ? [] : [{ type: 'reasoning', content: said }]
  }
  const said = text(block, 'text', 'content', 'refusal', 'output_text')
  if (said !== undefined) return [{ type: 'text', content: said }]
  const nested = objectAt(block, 'text')
  if (nested !== undefined) return readParts(field(nested, 'value'))
  if (typeof block.text === 'string' || typeof block.content === 'string') return []
  return [{ type: 'other', content: `[${typeof type === 'string' ? type : (Object.keys(block)[0] ?? 'part')}]` }]
}

function summaryOf(block: JsonObject): string | undefined {
  const { summary } = block
  if (!Array.isArray(summary)) return undefined
  const texts = summary.flatMap((item) => (isJsonObject(item) ? (text(item, 'text') ?? []) : []))
  return texts.length === 0 ? undefined : texts.join('\n')
}

/** A tool call in any dialect. */
export function readCall(raw: JsonObject): Part {
  const call = objectAt(raw, 'tool_call') ?? raw
  const of = objectAt(call, 'function') ?? call
  const args = field(of, 'arguments', 'args', 'input', 'parameters')
  return {
    type: 'tool_call',
    id: text(call, 'call_id', 'callId', 'toolCallId', 'tool_call_id', 'toolUseId', 'id') ?? null,
    name: text(of, 'name', 'toolName', 'tool_name', 'function') ?? 'unknown',
    arguments: unpack(args) ?? {},
  }
}

function readResponse(block: JsonObject): Part {
  const value = field(block, 'response', 'result', 'content', 'output')
  const id = text(block, 'tool_use_id', 'toolUseId', 'toolCallId', 'tool_call_id', 'call_id', 'callId', 'id')
  const name = id === undefined ? text(block, 'name', 'toolName') : undefined
  return toResult(id, value, block, name)
}

/** A result, with the flag by which its dialect says that the tool failed: Anthropic's, Bedrock's and LangChain's, MCP's, the AI SDK's. */
export function toResult(
  id: string | undefined,
  value: JsonValue | undefined,
  around: JsonObject,
  name?: string | undefined,
): Part {
  const kind = isJsonObject(value) ? value.type : undefined
  const failed =
    around.is_error === true ||
    around.isError === true ||
    around.status === 'error' ||
    kind === 'error-text' ||
    kind === 'error-json'
  return {
    type: 'tool_call_response',
    id: id ?? null,
    ...(name !== undefined && { name }),
    response: plain(value),
    ...(failed && { is_error: true }),
  }
}

/** What a tool gave back, without the blocks around a text. */
export function plain(value: JsonValue | undefined): JsonValue {
  if (value === undefined) return ''
  if (isJsonObject(value) && /^(?:text|json|error-text|error-json)$/.test(String(value.type))) {
    return field(value, 'value', 'text') ?? value
  }
  if (!Array.isArray(value) || value.length === 0) return value
  const texts = value.map((item) =>
    isJsonObject(item) ? text(item, 'text') : typeof item === 'string' ? item : undefined,
  )
  return texts.every((item) => item !== undefined) ? texts.join('\n') : value
}
