import type { JsonObject, JsonValue } from '../../core/json.ts'

/** A value as OTLP/JSON has it; null is the empty value. Whole numbers are integers, which OTLP/JSON writes as texts. */
function writeAnyValue(value: JsonValue): JsonObject {
  if (value === null) return {}
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return Array.isArray(value)
    ? { arrayValue: { values: value.map(writeAnyValue) } }
    : { kvlistValue: { values: writeKeyValues(value) } }
}

/** The members of an object as OTLP attributes; undefined ones are left out. */
export function writeKeyValues(object: Record<string, JsonValue | undefined>): JsonObject[] {
  return Object.entries(object).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: writeAnyValue(value) }],
  )
}

/** Milliseconds since the epoch in nanoseconds, to the microsecond, as OTLP/JSON writes them. */
export function writeNanos(ms: number): string {
  return Number.isFinite(ms) ? String(BigInt(Math.round(ms * 1000)) * 1000n) : '0'
}
