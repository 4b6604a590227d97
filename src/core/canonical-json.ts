import type { JsonValue } from './json.ts'

/**
 * Serialises a JSON value by RFC 8785 (JSON Canonicalization Scheme): keys sorted by UTF-16 code unit,
 * no white space, ECMAScript number forms. For hashing and comparing only; never for bytes that are served.
 *
 * Lone surrogates, which RFC 8785 forbids but models do emit, are kept as `\udXXX` escapes.
 */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) {
    let text = '['
    for (let i = 0; i < value.length; i++) text += (i === 0 ? '' : ',') + canonicalJson(value[i] as JsonValue)
    return `${text}]`
  }
  let text = '{'
  for (const key of Object.keys(value).sort()) {
    text += `${text.length === 1 ? '' : ','}${JSON.stringify(key)}:${canonicalJson(value[key] as JsonValue)}`
  }
  return `${text}}`
}
