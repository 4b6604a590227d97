import type { JsonObject, JsonValue } from '../../core/json.ts'

/** A value as OTLP/JSON has it; null is the empty value. Whole numbers are integers, which OTLP/JSON writes as texts. */
export function writeAnyValue(value: JsonValue): JsonObject {
  if (value === null) return {}
  switch (typeof value) {
    case 'string':
      return { stringValue: value }
    case 'boolean':
      return { boolValue: value }
    case 'number':
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
    case 'object':
      return Array.isArray(value)
        ? { arrayValue: { values: value.map(writeAnyValue) } }
        : { kvlistValue: { values: writeKeyValues(value) } }
  }
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
