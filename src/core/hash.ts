import { hash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'
import type { JsonValue } from './json.ts'

/** SHA-256 of a text (as UTF-8) or of bytes, in 64 lower-case hex digits. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex')
}

/** SHA-256 of the canonical JSON of a value: equal for equal values, whatever their key order. */
export function hashJson(value: JsonValue): string {
  return sha256(canonicalJson(value))
}
