import type { JsonValue } from '../core/json.ts'

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

/** What types of the language level in use do not know yet: a number keeps its text. */
const json = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown
  rawJSON(text: string): unknown
}

/**
 * Parses JSON so that `JSON.stringify` gives every number back digit for digit: a 64-bit id, `1.0`, `1e3`. Such numbers are
 * values for writing only; to reckon with them, parse the text as usual.
 */
export function parseAsWritten(text: string): JsonValue {
  const keep: Reviver = (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? json.rawJSON(source) : value
  return json.parse(text, keep) as JsonValue
}
