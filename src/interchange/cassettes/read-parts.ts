import type { ForeignBody } from '../entries/build-entry.ts'
import { type EntryPlace, entryError } from '../entries/entry.ts'
import { ExactNumber, type FileObject, type FileValue, isFileObject } from './file-value.ts'

/** True for a list of calls of another kind than HTTP: pydantic-ai keeps those of xAI, over gRPC, in the same form. */
export function holdsOtherCalls(interactions: readonly FileValue[]): boolean {
  const isOther = (entry: FileValue) => isFileObject(entry) && entry.request === undefined && entry.kind === undefined
  return interactions.length > 0 && interactions.every(isOther)
}

/**
 * The mapping that stands at a key of an entry.
 *
 * @throws RetrialError `ERR_INTERCHANGE_ENTRY`
 */
export function objectAt(entry: FileValue | undefined, key: string, place: EntryPlace): FileObject {
  const value = isFileObject(entry) ? entry[key] : undefined
  if (isFileObject(value)) return value
  throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `${key}: is no mapping`)
}

/** The text that stands at a key; numbers as they are written. */
export function textAt(object: FileObject, key: string, place: EntryPlace): string {
  const value = object[key]
  if (typeof value === 'string' && value !== '') return value
  throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `${key}: is no text`)
}

/**
 * Header lines given as a mapping from names to a value or a list of values; null and an empty list are no headers.
 *
 * @throws RetrialError `ERR_INTERCHANGE_ENTRY`
 */
export function headersAt(object: FileObject, key: string, place: EntryPlace): { name: string; value: string }[] {
  const headers = object[key]
  if (headers === undefined || headers === null || (Array.isArray(headers) && headers.length === 0)) return []
  if (!isFileObject(headers)) throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `${key}: is no mapping of headers`)
  return Object.entries(headers).flatMap(([name, given]) => {
    return (Array.isArray(given) ? given : [given]).map((value) => ({ name, value: headerText(value, name, place) }))
  })
}

function headerText(value: FileValue, name: string, place: EntryPlace): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
  if (value instanceof ExactNumber) return value.json
  if (value === null) return ''
  if (typeof value !== 'object') return String(value)
  throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `the value of the header ${JSON.stringify(name)} is no text`)
}

/**
 * A parsed JSON body as text again.
 *
 * @throws RetrialError `ERR_INTERCHANGE_BODY` for what no JSON can hold
 */
export function rebuildBody(value: FileValue, place: EntryPlace): ForeignBody {
  // TypeScript does not know the function yet.
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }
  const text = JSON.stringify(value, (_, item: unknown) => {
    if (item instanceof ExactNumber) return rawJSON(item.json)
    if (item instanceof Uint8Array) throw entryError(place, 'ERR_INTERCHANGE_BODY', 'bytes within a parsed body')
    return item
  })
  return { kind: 'rebuilt', text }
}
