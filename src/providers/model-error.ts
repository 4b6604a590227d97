import type { JsonValue } from '../core/json.ts'
import type { ModelError } from './protocol.ts'
import { fieldOf, stringOf } from './wire.ts'

const MESSAGE_LENGTH = 500

/** The type of the error that stands for an answer which cannot be read. */
export const MALFORMED = 'malformed_answer'

/** The error in a JSON body, or in one event of a stream; null when it holds none. */
export function findModelError(body: JsonValue | undefined): ModelError | null {
  const holder = Array.isArray(body) ? body[0] : body
  const error = fieldOf(holder, 'error')
  if (typeof error === 'string' && error !== '') return { type: null, code: null, message: error }
  // Some servers send the error without anything around it.
  if (error === undefined && fieldOf(holder, 'object') === 'error') return errorOf(holder)
  return typeof error === 'object' && error !== null ? errorOf(error) : null
}

function errorOf(error: JsonValue | undefined): ModelError {
  return {
    type: stringOf(fieldOf(error, 'type')),
    code: codeOf(fieldOf(error, 'code')),
    message: stringOf(fieldOf(error, 'message')) ?? JSON.stringify(error),
  }
}

/** The error of an answer with a status of 4xx or 5xx, in whatever form the provider or a gateway gives it. */
export function readHttpError(body: JsonValue | undefined, text: string, status: number): ModelError {
  const found = findModelError(body)
  if (found !== null) return found
  const message =
    stringOf(fieldOf(body, 'message')) ?? stringOf(fieldOf(body, 'detail')) ?? text.slice(0, MESSAGE_LENGTH)
  return {
    type: stringOf(fieldOf(body, 'type')),
    code: codeOf(fieldOf(body, 'code')),
    message: message === '' ? `HTTP ${status}` : message,
  }
}

/** The error of an answer that cannot be read. */
export function malformedAnswer(message: string): ModelError {
  return { type: MALFORMED, code: null, message }
}

function codeOf(value: JsonValue | undefined): string | null {
  return typeof value === 'number' ? String(value) : stringOf(value)
}
