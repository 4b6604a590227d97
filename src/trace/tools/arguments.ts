import { canonicalJson } from '../../core/canonical-json.ts'
import { hashJson, sha256 } from '../../core/hash.ts'
import { type JsonValue, parseJson } from '../../core/json.ts'

/** The arguments of a tool call; undefined when the text is not JSON. No text at all means no arguments. */
export function parseArguments(text: string): JsonValue | undefined {
  return text.trim() === '' ? {} : parseJson(text)
}

/** The arguments of a tool call in a form in which equal ones are equal texts. */
export function canonicalArguments(text: string): string {
  const value = parseArguments(text)
  return value === undefined ? text : canonicalJson(value)
}

/** SHA-256 of the canonical JSON of a text, or of the text itself when it is not JSON. */
export function hashText(text: string): string {
  const value = parseJson(text)
  return value === undefined ? sha256(text) : hashJson(value)
}
