import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { callsOf, field, type Message, normaliseRole, objectAt, objectsAt, type Part, text, unpack } from './message.ts'
import { plain, readCall, readParts, toResult } from './read-parts.ts'

/** Messages, and the tools that were on offer where they stand among the messages. */
export interface ReadMessages {
  messages: Message[]
  tools: string[]
}

/**
 * The messages of a request or an answer, in whatever form another tool wrote it down: a list of messages or items, an object around
 * one, a provider's whole answer, a text.
 *
 * @param role Of a text, or of a message that names no role.
 */
export function readMessages(value: JsonValue | undefined, role: 'user' | 'assistant'): ReadMessages {
  const messages: Message[] = []
  const tools: string[] = []
  for (const item of listItems(unpack(value), role)) {
    const tool = isJsonObject(item) ? definedTool(item) : undefined
    if (tool !== undefined) tools.push(tool)
    else addMessage(messages, readMessage(item, role))
  }
  return { messages, tools }
}

/** Parallel calls of the Responses protocol are items of their own; as messages they are one. */
function addMessage(messages: Message[], next: Message | null): void {
  if (next === null) return
  const last = messages.at(-1)
  const isCall = next.parts.length > 0 && next.parts.every(({ type }) => type === 'tool_call')
  if (last !== undefined && isCall && next.role === 'assistant' && last.role === 'assistant' && joinable.has(next)) {
    if (joinable.has(last) || callsOf(last).length === 0) {
      const joined = { ...last, parts: [...last.parts, ...next.parts] }
      joinable.add(joined)
      messages[messages.length - 1] = joined
      return
    }
  }
  messages.push(next)
}

/** Messages that were made of an item. */
const joinable = new WeakSet<Message>()

/** LangChain writes the tools on offer as messages of a tool. */
function definedTool(item: JsonObject): string | undefined {
  const content = objectAt(item, 'content')
  if (content === undefined || content.type !== 'function') return undefined
  const of = objectAt(content, 'function')
  return of === undefined ? undefined : text(of, 'name')
}

function listItems(value: JsonValue | undefined, side: 'user' | 'assistant'): JsonValue[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.flatMap((item) => (Array.isArray(item) ? listItems(item, side) : [item]))
  if (!isJsonObject(value)) return [value]
  if (typeof value.role === 'string') return [value]
  // A whole answer of the Responses protocol repeats the instructions of its request.
  const system =
    side === 'assistant' ? undefined : field(value, 'instructions', 'system_instruction', 'systemInstruction', 'system')
  const list = field(
    value,
    'messages',
    'contents',
    'input',
    'output',
    'choices',
    'candidates',
    'generations',
    'prompts',
  )
  if (Array.isArray(list) && (objectAt(value, 'content') ?? field(value, 'parts')) === undefined) {
    return [...(system === undefined ? [] : [{ role: 'system', content: system }]), ...listItems(list, side)]
  }
  if (typeof value.prompt === 'string') {
    return [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      { role: 'user', content: value.prompt },
    ]
  }
  return [value]
}

function readMessage(raw: JsonValue, role: string): Message | null {
  if (typeof raw === 'string') return { role, parts: readParts(raw) }
  if (!isJsonObject(raw)) return raw === null ? null : { role, parts: readParts(String(raw)) }
  const item = readItem(raw)
  if (item !== null) return item
  const inner = objectAt(raw, 'message', 'kwargs', 'data') ?? innerContent(raw)
  if (inner !== undefined && raw.role === undefined) {
    const message = readMessage({ ...inner, ...langChainType(raw) }, role)
    const reason = finishReason(raw)
    return message === null || reason === undefined ? message : { ...message, finish_reason: reason }
  }
  const named = text(raw, 'role') ?? text(raw, 'type')
  const parts = messageParts(raw, named === undefined ? role : normaliseRole(named))
  const name = text(raw, 'name')
  const reason = finishReason(raw)
  return {
    role: roleOf(named === undefined || NO_ROLES.has(named) ? role : normaliseRole(named), parts),
    ...(name !== undefined && named !== 'tool' && { name }),
    parts,
    ...(reason !== undefined && { finish_reason: reason }),
  }
}

/** Some conventions tell the results of tools as messages of the user. */
function roleOf(role: string, parts: readonly Part[]): string {
  return parts.length > 0 && parts.every(({ type }) => type === 'tool_call_response') ? 'tool' : role
}

/** Gemini's reasons in their number form. */
const GEMINI_REASONS: Record<number, string> = { 1: 'STOP', 2: 'MAX_TOKENS', 3: 'SAFETY', 4: 'RECITATION', 5: 'OTHER' }

function finishReason(raw: JsonObject): string | undefined {
  const reason = field(raw, 'finish_reason', 'finishReason', 'stop_reason')
  if (typeof reason === 'number') return GEMINI_REASONS[reason] ?? String(reason)
  return typeof reason === 'string' && reason !== '' ? reason : undefined
}

const NO_ROLES = new Set(['message', 'text', 'output_text', 'tool_call', 'tool-call'])

/** Gemini's candidates have their message in `content`. */
function innerContent(raw: JsonObject): JsonObject | undefined {
  const content = objectAt(raw, 'content')
  return content !== undefined && (Array.isArray(content.parts) || typeof content.role === 'string')
    ? content
    : undefined
}

/** LangChain's serialised messages have their type in the last part of their id. */
function langChainType(raw: JsonObject): JsonObject {
  const last = Array.isArray(raw.id) ? raw.id.at(-1) : undefined
  if (typeof last === 'string') return { role: normaliseRole(last) }
  return typeof raw.type === 'string' && normaliseRole(raw.type) !== raw.type ? { role: normaliseRole(raw.type) } : {}
}

/** An item of the Responses protocol or of an agent SDK that stands for a message. */
function readItem(raw: JsonObject): Message | null {
  const made = (message: Message) => {
    joinable.add(message)
    return message
  }
  const { type } = raw
  if (type === 'function_call' || (raw.role === undefined && typeof raw.toolName === 'string' && type === undefined)) {
    return made({ role: 'assistant', parts: [readCall(raw)] })
  }
  if (type === 'function_call_output' || type === 'function_call_result') {
    const id = text(raw, 'call_id', 'callId') ?? null
    return { role: 'tool', parts: [{ type: 'tool_call_response', id, response: plain(field(raw, 'output')) }] }
  }
  if (type === 'reasoning' && raw.role === undefined) return made({ role: 'assistant', parts: readParts([raw]) })
  return null
}

function messageParts(raw: JsonObject, role: string): Part[] {
  const content = field(raw, 'parts', 'content', 'contents', 'text')
  const calls = [
    ...objectsAt(raw, 'tool_calls', 'toolCalls'),
    ...[objectAt(raw, 'function_call')].filter((call) => call !== undefined),
  ]
  const extra = objectAt(raw, 'additional_kwargs')
  const own = calls.length > 0 || extra === undefined ? calls : objectsAt(extra, 'tool_calls')
  if (role === 'tool' && !hasResponse(content)) {
    const id = text(raw, 'tool_call_id', 'toolCallId', 'tool_use_id', 'id')
    return [toResult(id, content, raw, id === undefined ? text(raw, 'name', 'tool_name') : undefined)]
  }
  const thought = text(raw, 'reasoning_content', 'reasoning')
  const parts = readParts(content)
  const known = new Set(parts.flatMap((part) => (part.type === 'tool_call' ? [part.id] : [])))
  const asked = own.map(readCall).filter((part) => part.type !== 'tool_call' || part.id === null || !known.has(part.id))
  const refused = parts.length === 0 ? text(raw, 'refusal') : undefined
  return [
    ...(thought === undefined ? [] : [{ type: 'reasoning' as const, content: thought }]),
    ...parts,
    ...(refused === undefined ? [] : [{ type: 'text' as const, content: refused }]),
    ...asked,
  ]
}

/** True for blocks that say themselves which call they answer. */
function hasResponse(content: JsonValue | undefined): boolean {
  return readParts(content).some(({ type }) => type === 'tool_call_response')
}
