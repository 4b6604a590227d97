import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { field } from './message.ts'

/** A span as OpenTelemetry has it, whatever file it came from. */
export interface RawSpan {
  trace_id: string
  span_id: string
  parent_id: string | null
  name: string
  /** Milliseconds since the epoch, to the microsecond; null when not known. */
  started_ms: number | null
  ended_ms: number | null
  attributes: JsonObject
  /** Of the process that made it: `service.name`, … */
  resource: JsonObject
  scope: string
  events: RawEvent[]
  failed: boolean
  /** The words of the status, or null. */
  message: string | null
}

/** An event of a span, or a log record that names it. */
export interface RawEvent {
  name: string
  attributes: JsonObject
  body: JsonValue | undefined
  at_ms: number | null
}

/** Nanoseconds since the epoch, as a text or (less exactly) a number, in milliseconds; null for anything else. */
export function readNanos(value: JsonValue | undefined): number | null {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) {
    const nanos = BigInt(value)
    return nanos === 0n ? null : Number(nanos / 1000n) / 1000
  }
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value / 1000) / 1000 : null
}

/** The value of an OTLP attribute: `{ stringValue: … }` and its like; some exporters keep the names of protobuf, `string_value`. */
export function readAnyValue(value: JsonValue | undefined): JsonValue {
  if (!isJsonObject(value)) return null
  const one = (camel: string, snake: string) => field(value, camel, snake)
  const known = one('stringValue', 'string_value') ?? one('boolValue', 'bool_value')
  if (known !== undefined) return known
  const number = one('intValue', 'int_value') ?? one('doubleValue', 'double_value')
  if (number !== undefined) return Number(number)
  const [list, map] = [one('arrayValue', 'array_value'), one('kvlistValue', 'kvlist_value')]
  if (isJsonObject(list)) return Array.isArray(list.values) ? list.values.map(readAnyValue) : []
  if (isJsonObject(map)) return readKeyValues(map.values)
  return one('bytesValue', 'bytes_value') ?? null
}

/** OTLP attributes, a list of keys and values, as an object. */
export function readKeyValues(list: JsonValue | undefined): JsonObject {
  if (!Array.isArray(list)) return {}
  const entries = list.flatMap((item) =>
    isJsonObject(item) ? [[String(item.key), readAnyValue(item.value)] as const] : [],
  )
  return Object.fromEntries(entries)
}
