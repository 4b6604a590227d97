import type { JsonObject, JsonValue } from '../core/json.ts'
import { isJsonObject } from '../core/json.ts'
import { finishOf } from './finish.ts'
import { findModelError, malformedAnswer } from './model-error.ts'
import { callOfItem } from './openai-responses-items.ts'
import type { ModelAnswer, ModelError } from './protocol.ts'
import type { StreamEvent } from './read-body.ts'
import { countOf, fieldOf, listOf, stringOf } from './wire.ts'

type Unknown = JsonValue | undefined

/** Reads a response that came in one piece. */
export function readResponse(answer: ModelAnswer, body: JsonValue, at_ms: number): void {
  answer.error = findModelError(body)
  if (answer.error === null && !Array.isArray(fieldOf(body, 'output'))) {
    answer.error = malformedAnswer('The answer has no output.')
  }
  for (const item of listOf(fieldOf(body, 'output'))) addItem(answer, item, at_ms)
  readHead(answer, body)
}

/** An item of the answer as far as it has come. */
interface PartialItem {
  item: JsonObject
  /** Text of its parts, by their place. */
  texts: Map<string, string>
  refusals: Map<string, string>
  /** Of a call: its arguments, or its free text. */
  input: string
  done: boolean
  at_ms: number
}

/** Reads a response that came as events. */
export function readResponseStream(answer: ModelAnswer, events: StreamEvent[]): void {
  const items = new Map<string, PartialItem>()
  let malformed = false
  for (const { name, json, data, at_ms } of events) {
    // Servers that know chat completions better may close the stream as those do.
    if (data === '[DONE]') continue
    malformed ||= json === undefined
    const type = stringOf(fieldOf(json, 'type')) ?? name ?? ''
    const response = fieldOf(json, 'response')
    if (isJsonObject(response)) readHead(answer, response)
    const end = /^response\.(completed|incomplete|failed|cancelled)$/.exec(type)?.[1]
    if (end !== undefined) {
      answer.complete = true
      answer.finish_reason ??= end
      answer.complete_ms ??= at_ms
      answer.error ??= findModelError(response)
      if (items.size === 0) collectItems(items, response, at_ms)
    } else if (type === 'error' || fieldOf(json, 'error')) answer.error ??= findEventError(json)
    else readItemEvent(items, json, type, at_ms)
  }
  if (malformed) answer.error ??= malformedAnswer('An event of the stream is not JSON.')
  for (const partial of items.values()) addItem(answer, settle(partial), partial.at_ms)
  settleFinish(answer)
}

/** Some servers tell the fields of an error beside its type. */
function findEventError(json: Unknown): ModelError {
  const message = stringOf(fieldOf(json, 'message'))
  const code = stringOf(fieldOf(json, 'code'))
  return findModelError(json) ?? { type: null, code, message: message ?? 'The stream ended in an error.' }
}

/** For a stream of which nothing but the end has come. */
function collectItems(items: Map<string, PartialItem>, response: Unknown, at_ms: number): void {
  for (const [index, item] of listOf(fieldOf(response, 'output')).entries()) {
    if (isJsonObject(item)) items.set(String(index), { ...blankItem(item, at_ms), done: true })
  }
}

function blankItem(item: JsonObject, at_ms: number): PartialItem {
  return { item, texts: new Map(), refusals: new Map(), input: '', done: false, at_ms }
}

/** What kind of item an event belongs to, where the event that begins the item is missing. */
const ITEM_OF_EVENT: [event: RegExp, type: string][] = [
  [/^response\.(?:output_text|refusal|content_part)\./, 'message'],
  [/^response\.function_call_arguments\./, 'function_call'],
  [/^response\.custom_tool_call_input\./, 'custom_tool_call'],
]

function readItemEvent(items: Map<string, PartialItem>, json: Unknown, type: string, at_ms: number): void {
  const whole = fieldOf(json, 'item')
  const index = fieldOf(json, 'output_index')
  const id = stringOf(fieldOf(json, 'item_id')) ?? stringOf(fieldOf(whole, 'id')) ?? ''
  const key = typeof index === 'number' ? String(index) : id
  if (type.startsWith('response.output_item.') && isJsonObject(whole)) {
    const known = items.get(key)
    const done = type.endsWith('.done')
    items.set(key, { ...(known ?? blankItem(whole, at_ms)), item: whole, done, at_ms })
    return
  }
  const of = ITEM_OF_EVENT.find(([event]) => event.test(type))?.[1]
  if (of === undefined) return
  const partial = items.get(key) ?? blankItem({ type: of, id, name: fieldOf(json, 'name') ?? '' }, at_ms)
  items.set(key, partial)
  // A call is known once its arguments are, whatever comes after.
  if (!partial.done) partial.at_ms = at_ms
  readPart(partial, json, type)
}

function readPart(partial: PartialItem, json: Unknown, type: string): void {
  const place = String(countOf(fieldOf(json, 'content_index')))
  const delta = stringOf(fieldOf(json, 'delta')) ?? ''
  const parts = type.startsWith('response.refusal.') ? partial.refusals : partial.texts
  const whole = (field: string, known: string): string => stringOf(fieldOf(json, field)) ?? known
  switch (type) {
    case 'response.output_text.delta':
    case 'response.refusal.delta':
      parts.set(place, (parts.get(place) ?? '') + delta)
      break
    case 'response.output_text.done':
      parts.set(place, whole('text', parts.get(place) ?? ''))
      break
    case 'response.refusal.done':
      parts.set(place, whole('refusal', parts.get(place) ?? ''))
      break
    case 'response.function_call_arguments.delta':
    case 'response.custom_tool_call_input.delta':
      partial.input += delta
      break
    case 'response.function_call_arguments.done':
      partial.input = whole('arguments', partial.input)
      break
    case 'response.custom_tool_call_input.done':
      partial.input = whole('input', partial.input)
      break
  }
}

/** The item in full: as it was told at its end, else put together from what came. */
function settle({ item, texts, refusals, input, done }: PartialItem): JsonObject {
  if (done) return item
  switch (item.type) {
    case 'message': {
      const content = [
        ...[...texts.values()].map((text) => ({ type: 'output_text', text })),
        ...[...refusals.values()].map((refusal) => ({ type: 'refusal', refusal })),
      ]
      return { ...item, content }
    }
    case 'function_call':
      return { ...item, arguments: input }
    case 'custom_tool_call':
      return { ...item, input }
    default:
      return item
  }
}

function addItem(answer: ModelAnswer, item: JsonValue, at_ms: number): void {
  const call = callOfItem(item)
  if (call !== null) answer.tool_calls.push({ ...call, at_ms })
  if (fieldOf(item, 'type') !== 'message') return
  for (const part of listOf(fieldOf(item, 'content'))) {
    answer.text += stringOf(fieldOf(part, 'text')) ?? ''
    const refusal = stringOf(fieldOf(part, 'refusal'))
    if (refusal !== null) answer.refusal = (answer.refusal ?? '') + refusal
  }
}

/** Statuses of a response that is still being made. */
const UNSETTLED = new Set(['in_progress', 'queued'])

function readHead(answer: ModelAnswer, response: JsonValue): void {
  answer.model = stringOf(fieldOf(response, 'model')) ?? answer.model
  answer.id = stringOf(fieldOf(response, 'id')) ?? answer.id
  const usage = fieldOf(response, 'usage')
  if (isJsonObject(usage)) {
    const { input_tokens, output_tokens } = usage
    answer.usage = { input_tokens: countOf(input_tokens), output_tokens: countOf(output_tokens) }
  }
  const status = stringOf(fieldOf(response, 'status'))
  if (status === null || UNSETTLED.has(status)) return
  const reason = stringOf(fieldOf(fieldOf(response, 'incomplete_details'), 'reason'))
  answer.finish_reason = status === 'incomplete' && reason !== null ? `incomplete:${reason}` : status
  settleFinish(answer)
}

/** The protocol has no word for an answer that asks for tools: it is one that is completed. */
function settleFinish(answer: ModelAnswer): void {
  if (answer.finish_reason === null) return
  const asksForTools = answer.finish_reason === 'completed' && answer.tool_calls.length > 0
  answer.finish = asksForTools ? 'tool' : finishOf(answer.finish_reason)
}
