import { type JsonObject, type JsonValue, parseJson } from '../core/json.ts'
import { type HeaderList, headerValue, type Payload, payloadBytes } from '../model/interaction.ts'

/**
 * A body as it is compared: parsed when it is a JSON document, else as the text or the bytes that were sent. Clients draw the
 * boundary of a multipart body by lot, so it plays no part.
 */
export function canonicaliseBody(body: Payload, headers: HeaderList): JsonObject {
  const parsed = 'text' in body && /^\s*[[{]/.test(body.text) ? parseExactly(body.text) : undefined
  if (parsed !== undefined) return { body: parsed }
  const type = headerValue(headers, 'content-type') ?? ''
  const boundary = /^multipart\/[^;]+;.*boundary="?([^";]+)"?/i.exec(type)?.[1]
  if (boundary === undefined) return { ...body }
  if ('text' in body) return { text: body.text.replaceAll(boundary, 'boundary') }
  const bytes = payloadBytes(body).toString('latin1').replaceAll(boundary, 'boundary')
  return { base64: Buffer.from(bytes, 'latin1').toString('base64') }
}

/** Key of the object that stands for a number which JavaScript writes otherwise, or cannot hold. */
const NUMBER = '\u0000number'

/** What may be such a number: with an exponent, many digits, zeros at the end of its fraction, or minus zero. */
const UNUSUAL_NUMBER = /[:[,]\s*-?(?:\d[\d.]{15}|[\d.]+[eE]|\d+\.\d*0(?!\d)|0\.0{6})|-0(?![.\d])/

/** Parses JSON; undefined when it is none. Numbers of different digits stay different: servers tell `1` from `1.0`. */
function parseExactly(text: string): JsonValue | undefined {
  if (!UNUSUAL_NUMBER.test(text)) return parseJson(text)
  const keep = (_key: string, value: unknown, { source }: { source?: string }): unknown =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? { [NUMBER]: source } : value
  try {
    return JSON.parse(text, keep as (key: string, value: unknown) => unknown) as JsonValue
  } catch {
    return undefined
  }
}

/** A value of a canonical body as text for people, indented. */
export function printCanonical(value: JsonValue): string {
  return JSON.stringify(value, null, 2).replace(/\{\s*"\\u0000number": "([^"]*)"\s*\}/g, '$1')
}
