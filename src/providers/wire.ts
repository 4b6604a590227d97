import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'

type Unknown = JsonValue | undefined

/** A field of what may be an object. */
export function fieldOf(value: Unknown, key: string): Unknown {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

/** The elements of what may be an array; none when it is no array. */
export function listOf(value: Unknown): JsonValue[] {
  return Array.isArray(value) ? value : []
}

/** What may be a string; null when it is none. */
export function stringOf(value: Unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** What may be a number; 0 when it is none. */
export function countOf(value: Unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

/** Text of a message's content: a string, or a list of parts, one a line. Parts that are no text become `[type]`. */
export function contentText(content: Unknown): string {
  if (typeof content === 'string') return content
  const texts: string[] = []
  for (const part of listOf(content)) {
    const text =
      typeof part === 'string' ? part : (stringOf(fieldOf(part, 'text')) ?? stringOf(fieldOf(part, 'refusal')))
    const type = stringOf(fieldOf(part, 'type'))
    if (text !== null) texts.push(text)
    else if (type !== null) texts.push(`[${type}]`)
  }
  return texts.join('\n')
}

/** An object without some of its fields. */
export function withoutFields(body: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([key]) => !fields.includes(key)))
}

/** The path of an absolute URL without a trailing slash; empty when it is no URL. */
export function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/\/+$/, '') : ''
}
