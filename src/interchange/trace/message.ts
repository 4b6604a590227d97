import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../core/json.ts'
import { findTooDeep } from './nesting.ts'

/** A call that a model asks for. */
export interface ToolCall {
  type: 'tool_call'
  id: string | null
  name: string
  arguments: JsonValue
}

/** What a model is told of a call. */
export interface ToolResult {
  type: 'tool_call_response'
  id: string | null
  /** The tool, where no id says which call it was. */
  name?: string
  response: JsonValue
  /** There when the source says that the tool failed, whatever words it gave back. */
  is_error?: true
}

/** A part of a message, as the GenAI conventions write it. */
export type Part =
  | { type: 'text' | 'reasoning'; content: string }
  | ToolCall
  | ToolResult
  /** What is no text, as its kind in brackets: `[image]`. */
  | { type: 'other'; content: string }

/** A message of a conversation, whoever wrote it down and how, in the form of `gen_ai.input.messages`. */
export interface Message {
  /** `system`, `user`, `assistant` or `tool`; any other name as it is. */
  role: string
  name?: string
  parts: Part[]
  finish_reason?: string
}

/** The messages as they stand in an attribute. Why each ended stands in an attribute of its own. */
export function toJson(messages: readonly Message[]): JsonValue[] {
  return messages.map(({ finish_reason: _, ...message }) => message as unknown as JsonValue)
}

/** The text of a message, its parts joined by line feeds. */
export function textOf(message: Message): string {
  return message.parts.flatMap((part) => (part.type === 'text' ? [part.content] : [])).join('\n')
}

/** The tool calls that a message asks for. */
export function callsOf(message: Message): ToolCall[] {
  return message.parts.filter((part) => part.type === 'tool_call')
}

/** The results of tools in a message. */
export function resultsOf(message: Message): ToolResult[] {
  return message.parts.filter((part) => part.type === 'tool_call_response')
}

/** The error of a result that says by a flag that the tool failed; its words tell the class. */
export function errorOfResult({ response, is_error }: ToolResult): { type: null; message: string } | null {
  if (is_error !== true) return null
  return { type: null, message: typeof response === 'string' ? response : JSON.stringify(response) }
}

const ROLES: Record<string, string> = {
  human: 'user',
  ai: 'assistant',
  model: 'assistant',
  function: 'tool',
  developer: 'system',
  aimessage: 'assistant',
  aimessagechunk: 'assistant',
  humanmessage: 'user',
  systemmessage: 'system',
  toolmessage: 'tool',
}

/** A role by the name that the conventions have for it. */
export function normaliseRole(role: string): string {
  const known = ROLES[role.toLowerCase()]
  return known ?? role
}

/** A text that is nested deeper stays a text. */
const MAX_NESTING = 50

/** A text that is a JSON object or list as that; any other value as it is. */
export function unpack(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  return parseShallow(value) ?? value
}

/** The value of a JSON text; undefined for what is not JSON, or nested too deep. */
export function parseShallow(text: string): JsonValue | undefined {
  return findTooDeep(text, MAX_NESTING) === -1 ? parseJson(text) : undefined
}

/** What a JSON text stands for, however often it was written as a text: some exporters do so twice. */
export function unquote(value: JsonValue | undefined): JsonValue | undefined {
  const once = typeof value === 'string' && /^\s*"/.test(value) ? (parseShallow(value) ?? value) : value
  return unpack(once)
}

/** Arguments as Python prints a dict of simple values, with single quotes, as JSON; anything else unpacked. */
export function unpackArguments(value: JsonValue | undefined): JsonValue | undefined {
  const known = unpack(value)
  if (typeof known !== 'string' || !/^\{'[^"\\]*\}$/.test(known)) return known
  return unpack(known.replaceAll("'", '"'))
}

/** A field of an object under any of several names; null counts as missing. */
export function field(object: JsonObject, ...names: string[]): JsonValue | undefined {
  for (const name of names) {
    const value = object[name]
    if (value !== undefined && value !== null) return value
  }
  return undefined
}

/** A text under any of several names. */
export function text(object: JsonObject, ...names: string[]): string | undefined {
  const value = field(object, ...names)
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
}

/** An object under any of several names. */
export function objectAt(object: JsonObject, ...names: string[]): JsonObject | undefined {
  const value = field(object, ...names)
  return isJsonObject(value) ? value : undefined
}

/** The objects of a list under any of several names; none where there is no list. */
export function objectsAt(object: JsonObject, ...names: string[]): JsonObject[] {
  const value = field(object, ...names)
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}
