import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { field, type Message, objectAt, objectsAt, text, unpack, unpackArguments } from './message.ts'
import type { RawEvent, RawSpan } from './raw-span.ts'
import { readMessages } from './read-messages.ts'
import type { Step } from './step.ts'
import { unflatten } from './unflatten.ts'

/** The messages of a model's or an agent's span, and the tools that stand among them. */
export function messagesOf(raw: RawSpan): { input?: Message[]; output?: Message[]; tools: string[] } {
  const { attributes: from } = raw
  const events = [...raw.events, ...listedEvents(from.events)]
  const all = { ...from, ...Object.assign({}, ...events.map(detailsOf)) }
  const whole = { ...raw, events }
  const asked = readMessages(inputOf(all, whole), 'user')
  const answered = readMessages(outputOf(all, whole), 'assistant')
  const system = readMessages(unpack(all['gen_ai.system_instructions']), 'user').messages
  const first: Message[] = system.map((message) => ({ ...message, role: 'system' }))
  const input = asked.messages.some(({ role }) => role === 'system') ? asked.messages : [...first, ...asked.messages]
  return {
    ...(input.length > 0 && { input }),
    ...(answered.messages.length > 0 && { output: answered.messages }),
    tools: asked.tools,
  }
}

/** The messages of an event that tells all of them, in its attributes or in its body. */
function detailsOf({ attributes, body }: RawEvent): JsonObject {
  const isTold = (value: JsonObject) => 'gen_ai.input.messages' in value || 'gen_ai.output.messages' in value
  if (isTold(attributes)) return attributes
  return isJsonObject(body) && isTold(body) ? body : {}
}

/** Events as Pydantic AI wrote them for a while: all of a span's in one attribute. */
function listedEvents(value: JsonValue | undefined): RawEvent[] {
  const list = unpack(value)
  if (!Array.isArray(list)) return []
  return list.filter(isJsonObject).flatMap((body) => {
    const name = text(body, 'event.name')
    return name === undefined ? [] : [{ name, attributes: {}, body, at_ms: null }]
  })
}

function inputOf(from: JsonObject, raw: RawSpan): JsonValue | undefined {
  return (
    from['gen_ai.input.messages'] ??
    openBlocks(unflatten(from, 'gen_ai.prompt')) ??
    unflatten(from, 'llm.input_messages') ??
    from['ai.prompt.messages'] ??
    adkRequest(unpack(from['gcp.vertex.agent.llm_request'])) ??
    from['gen_ai.prompt'] ??
    eventMessages(raw, 'input') ??
    bodyMessages(raw, 'input') ??
    from['ai.prompt'] ??
    from['input.value'] ??
    from['traceloop.entity.input']
  )
}

function outputOf(from: JsonObject, raw: RawSpan): JsonValue | undefined {
  return (
    from['gen_ai.output.messages'] ??
    openBlocks(unflatten(from, 'gen_ai.completion')) ??
    unflatten(from, 'llm.output_messages') ??
    aiAnswer(from) ??
    anyAgentAnswer(from['gen_ai.output']) ??
    unpack(from['gcp.vertex.agent.llm_response']) ??
    from['gen_ai.completion'] ??
    eventMessages(raw, 'output') ??
    bodyMessages(raw, 'output') ??
    from['output.value'] ??
    from['traceloop.entity.output']
  )
}

/** OpenLLMetry writes the blocks of a message as a text. */
function openBlocks(messages: JsonValue | undefined): JsonValue | undefined {
  if (!Array.isArray(messages)) return messages
  return messages.map((message) => {
    const blocks = isJsonObject(message) ? unpack(message.content) : undefined
    const isList =
      Array.isArray(blocks) && blocks.every((block) => isJsonObject(block) && typeof block.type === 'string')
    return isJsonObject(message) && isList ? { ...message, content: blocks } : message
  })
}

/** The request that the ADK writes: contents, and the system prompt in its config. */
function adkRequest(request: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(request) || !Array.isArray(request.contents)) return undefined
  const system = field(objectAt(request, 'config') ?? {}, 'system_instruction')
  return [...(system === undefined ? [] : [{ role: 'system', content: system }]), ...request.contents]
}

/** The answer that the AI SDK writes over several attributes. */
function aiAnswer(from: JsonObject): JsonValue | undefined {
  const said = from['ai.response.text'] ?? from['ai.response.object']
  const calls = unpack(from['ai.response.toolCalls'])
  if (said === undefined && calls === undefined) return undefined
  return [{ role: 'assistant', content: said ?? '', ...(Array.isArray(calls) && { tool_calls: calls }) }]
}

/** The answer as any-agent writes it: a list of calls, or a text. */
function anyAgentAnswer(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== 'string') return undefined
  const list = unpack(value)
  const calls = Array.isArray(list) ? list.filter(isJsonObject).filter((item) => 'tool.name' in item) : []
  if (calls.length === 0) return [{ role: 'assistant', content: value }]
  const asked = calls.map((item) => ({ name: item['tool.name'] ?? null, arguments: item['tool.args'] ?? null }))
  return [{ role: 'assistant', content: '', tool_calls: asked }]
}

/** Older conventions: an event a message, or one event with all of them as a text. */
function eventMessages({ events }: RawSpan, side: 'input' | 'output'): JsonValue | undefined {
  const messages: JsonValue[] = []
  for (const { name, attributes, body } of events) {
    const content = isJsonObject(body) ? body : attributes
    if (name === 'gen_ai.content.prompt' && side === 'input') messages.push(...listed(attributes['gen_ai.prompt']))
    else if (name === 'gen_ai.content.completion' && side === 'output') {
      messages.push(...listed(attributes['gen_ai.completion']))
    } else {
      const role = /^gen_ai\.(system|user|assistant|tool)\.message$/.exec(name)?.[1]
      if (role !== undefined && side === 'input') messages.push({ role, ...unpackContent(content) })
      if (name === 'gen_ai.choice' && side === 'output') messages.push({ role: 'assistant', ...choice(content) })
    }
  }
  return messages.length > 0 ? messages : undefined
}

function listed(value: JsonValue | undefined): JsonValue[] {
  const list = unpack(value)
  return list === undefined ? [] : [list].flat()
}

function unpackContent(content: JsonObject): JsonObject {
  const value = unpack(content.content)
  return value === undefined ? content : { ...content, content: value }
}

function choice(content: JsonObject): JsonObject {
  const message = unpack(content.message)
  const reason = text(content, 'finish_reason')
  const said = isJsonObject(message) ? message : message === undefined ? unpackContent(content) : { content: message }
  return { ...said, ...(reason !== undefined && { finish_reason: reason }) }
}

/** Messages in the body of an event, as AWS's distribution writes them. */
function bodyMessages({ events }: RawSpan, side: 'input' | 'output'): JsonValue | undefined {
  for (const { body } of events) {
    if (!isJsonObject(body)) continue
    const list = objectsAt(objectAt(body, side) ?? {}, 'messages')
    if (list.length > 0) return list.flatMap((message) => openBody(message))
  }
  return undefined
}

function openBody(message: JsonObject): JsonValue[] {
  const inner = unpack(message.content)
  if (isJsonObject(inner) && (inner.generations ?? inner.messages) !== undefined) return [inner]
  return [inner === undefined ? message : { ...message, content: inner }]
}

/** What the body of an event of AWS's distribution says of its span; null where there is none. */
export function answerOf(raw: RawSpan): {
  kind: Step['kind']
  name?: string
  id?: string
  args?: JsonValue | undefined
  result?: JsonValue | undefined
} | null {
  const body = raw.events.map((event) => event.body).find((value) => isJsonObject(value) && 'output' in value)
  if (!isJsonObject(body)) return null
  const [asked] = objectsAt(objectAt(body, 'input') ?? {}, 'messages')
  const [answered] = objectsAt(objectAt(body, 'output') ?? {}, 'messages')
  const value = unpack(answered?.content)
  if (!isJsonObject(value)) return { kind: 'agent' }
  if (value.generations !== undefined) return { kind: 'llm' }
  if (value.type !== 'tool') return { kind: 'agent' }
  const [name, id] = [text(value, 'name'), text(value, 'tool_call_id')]
  return {
    kind: 'tool',
    ...(name !== undefined && { name }),
    ...(id !== undefined && { id }),
    args: unpackArguments(asked?.content),
    result: field(value, 'content'),
  }
}

/** The names of the tools that a model span says were on offer. */
export function toolsOf(from: JsonObject): string[] {
  const defined = unpack(from['gen_ai.tool.definitions'] ?? from['gen_ai.request.tools'] ?? from['ai.prompt.tools'])
  const lists = [defined, unflatten(from, 'llm.tools'), unflatten(from, 'llm.request.functions')]
  return lists.flatMap((list) => (Array.isArray(list) ? list.flatMap(toolName) : []))
}

function toolName(item: JsonValue): string[] {
  const tool = unpack(item)
  if (!isJsonObject(tool)) return []
  const inner = objectAt(tool, 'tool') ?? tool
  const schema = unpack(inner.json_schema)
  const of = isJsonObject(schema) ? schema : inner
  const name = text(objectAt(of, 'function') ?? of, 'name')
  return name === undefined ? [] : [name]
}
