import type { JsonObject, JsonValue } from '../core/json.ts'
import type { FunctionInteraction } from '../model/interaction.ts'

// A class instance or a map takes up to two levels of JSON for one of its own; a line holds 200.
const MAX_DEPTH = 72
const MAX_NODES = 1_000_000
const MAX_CHARS = 32 * 1024 * 1024

/** A value as JSON, and whether something was lost on the way. */
export interface EncodedValue {
  value: JsonValue
  /** True when JSON could not hold all of it: then it is no exact evidence. */
  lossy: boolean
}

interface State {
  lossy: boolean
  nodes: number
  chars: number
  /** The objects that are being encoded, outermost first: meeting one again is a cycle. */
  open: Set<object>
}

/**
 * Turns any value into JSON without ever throwing. What JSON cannot hold (a bigint, `NaN`, a `Date`, a `Map`, an error, a cycle, a
 * getter that throws, …) becomes an object with a `$type` that names it, and the result is marked lossy.
 * An `undefined` property is left out, as `JSON.stringify` does; that and an `undefined` value (null) count as no loss.
 */
export function encodeValue(value: unknown): EncodedValue {
  const state: State = { lossy: false, nodes: 0, chars: 0, open: new Set() }
  try {
    return { value: value === undefined ? null : encode(value, state), lossy: state.lossy }
  } catch (error) {
    return { value: { $type: 'unreadable', message: describe(error) }, lossy: true }
  }
}

type ReturnedValue = Pick<FunctionInteraction, 'value' | 'lossy' | 'sync' | 'yields'>

/**
 * What a function returned, as it is written down.
 *
 * @param yielded What it yielded before, where it is a generator: that is what its caller goes by.
 */
export function encodeReturned(
  value: unknown,
  { sync, yielded }: { sync?: boolean; yielded?: unknown[] },
): ReturnedValue {
  const encoded = encodeValue(yielded ?? value)
  const lossy = encoded.lossy || (yielded !== undefined && value !== undefined)
  return { value: encoded.value, ...(lossy && { lossy }), ...(sync && { sync }), ...(yielded && { yields: true }) }
}

/** What is written down of a function that threw, besides its error. */
export function encodeThrown({ sync, yielded }: { sync?: boolean; yielded?: unknown[] }): ReturnedValue {
  return yielded === undefined ? { ...(sync && { sync }) } : encodeReturned(undefined, { yielded })
}

function encode(value: unknown, state: State): JsonValue {
  switch (typeof value) {
    case 'string':
      return encodeString(value, state)
    case 'boolean':
      return value
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return value
      return lost(state, 'number', { value: Object.is(value, -0) ? '-0' : String(value) })
    case 'bigint':
      return lost(state, 'bigint', { value: String(value) })
    case 'undefined':
      return lost(state, 'undefined')
    case 'symbol':
      return lost(state, 'symbol', { value: String(value) })
    case 'function':
      return lost(state, 'function', { value: readName(value) })
    case 'object':
      return value === null ? null : encodeNested(value, state)
  }
}

function encodeString(value: string, state: State): JsonValue {
  state.chars += value.length
  return state.chars > MAX_CHARS ? lost(state, 'too_large', { length: value.length }) : value
}

function encodeNested(value: object, state: State): JsonValue {
  if (state.open.has(value)) return lost(state, 'cycle')
  if (state.open.size >= MAX_DEPTH) return lost(state, 'too_deep')
  if (++state.nodes > MAX_NODES) return lost(state, 'too_large')
  state.open.add(value)
  try {
    return Array.isArray(value) ? encodeArray(value, state) : encodeObject(value, state)
  } catch (error) {
    return lost(state, 'unreadable', { message: describe(error) })
  } finally {
    state.open.delete(value)
  }
}

function encodeArray(value: unknown[], state: State): JsonValue {
  if (value.length > MAX_NODES) return lost(state, 'too_large', { length: value.length })
  const items: JsonValue[] = []
  for (let i = 0; i < value.length; i++) items.push(encode(value[i], state))
  return items
}

function encodeObject(value: object, state: State): JsonValue {
  const special = encodeSpecial(value, state)
  if (special !== undefined) return special
  const prototype: object | null = Object.getPrototypeOf(value)
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null
  if (plain) return encodeFields(value, state)
  const fields = encodeFields(value, state)
  return lost(state, readName((prototype as { constructor?: unknown }).constructor) || 'object', { fields })
}

function encodeFields(value: object, state: State): JsonObject {
  const fields: JsonObject = {}
  for (const key of Object.keys(value)) {
    state.chars += key.length
    if (++state.nodes > MAX_NODES) {
      state.lossy = true
      break
    }
    const field = readField(value, key, state)
    if (field === undefined) continue
    // Plain assignment to `__proto__` would set the prototype and lose the field.
    if (key === '__proto__')
      Object.defineProperty(fields, key, { value: field, enumerable: true, writable: true, configurable: true })
    else fields[key] = field
  }
  return fields
}

function readField(value: object, key: string, state: State): JsonValue | undefined {
  try {
    const field: unknown = (value as Record<string, unknown>)[key]
    return field === undefined ? undefined : encode(field, state)
  } catch (error) {
    return lost(state, 'thrown', { message: describe(error) })
  }
}

/** The objects that have a better form than their fields; undefined for any other. */
function encodeSpecial(value: object, state: State): JsonValue | undefined {
  if (value instanceof Date) return lost(state, 'Date', { value: Number.isNaN(+value) ? null : value.toISOString() })
  if (value instanceof Error) return encodeError(value, state)
  if (value instanceof Map) {
    return lost(state, 'Map', { value: [...value].map((entry) => encode(entry, state)) })
  }
  if (value instanceof Set) return lost(state, 'Set', { value: [...value].map((item) => encode(item, state)) })
  if (value instanceof RegExp) return lost(state, 'RegExp', { value: String(value) })
  if (value instanceof URL) return lost(state, 'URL', { value: value.href })
  if (value instanceof Headers || value instanceof URLSearchParams || value instanceof FormData) {
    return lost(state, readName(value.constructor), { value: encode([...value], state) })
  }
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return lost(state, readName(value.constructor), { base64: encodeString(bytes.toString('base64'), state) })
  }
  if (value instanceof ArrayBuffer) {
    return lost(state, 'ArrayBuffer', { base64: encodeString(Buffer.from(value).toString('base64'), state) })
  }
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return lost(state, readName(value.constructor), { value: encode(value.valueOf(), state) })
  }
  return undefined
}

function encodeError(error: Error, state: State): JsonValue {
  const details: JsonObject = { name: encode(error.name, state), message: encode(error.message, state) }
  for (const key of ['code', 'cause']) {
    const detail = readField(error, key, state)
    if (detail !== undefined) details[key] = detail
  }
  return lost(state, 'Error', details)
}

function lost(state: State, type: string, details: JsonObject = {}): JsonObject {
  state.lossy = true
  return { $type: type, ...details }
}

function readName(value: unknown): string {
  try {
    const name = (value as { name?: unknown }).name
    return typeof name === 'string' ? name : ''
  } catch {
    return ''
  }
}

function describe(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error)
  } catch {
    return 'unknown'
  }
}
