import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { writeKeyValues } from '../../src/interchange/trace/write-any-value.ts'

/** A span for `buildOtlp`: times in ms from the start of the trace. */
export interface SpanDraft {
  id: string
  parent?: string
  name?: string
  at?: number
  took?: number
  attributes?: Record<string, JsonValue>
  events?: { name: string; attributes: Record<string, JsonValue> }[]
  error?: string
}

const STARTED_AT = Date.UTC(2026, 0, 1)
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'

function nanos(ms: number): string {
  return `${BigInt(STARTED_AT + ms) * 1_000_000n}`
}

/** Pads a short name to the 16 hex digits of a span id. */
export function hexId(id: string): string {
  return Buffer.from(id.padEnd(8, '.')).toString('hex')
}

/** One export of OTLP/JSON. */
export function buildOtlp(spans: SpanDraft[], resource: Record<string, JsonValue> = {}): JsonObject {
  const written = spans.map(({ id, parent, name = id, at = 0, took = 100, attributes = {}, events = [], error }) => ({
    traceId: TRACE_ID,
    spanId: hexId(id),
    ...(parent !== undefined && { parentSpanId: hexId(parent) }),
    name,
    kind: 1,
    startTimeUnixNano: nanos(at),
    endTimeUnixNano: nanos(at + took),
    attributes: writeKeyValues(attributes),
    events: events.map((event) => ({
      name: event.name,
      timeUnixNano: nanos(at),
      attributes: writeKeyValues(event.attributes),
    })),
    status: error === undefined ? {} : { code: 2, message: error },
  }))
  return {
    resourceSpans: [
      { resource: { attributes: writeKeyValues(resource) }, scopeSpans: [{ scope: { name: 'test' }, spans: written }] },
    ],
  }
}
