import type { JsonObject, JsonValue } from '../core/json.ts'
import { OTEL } from '../model/gen-ai.ts'

/** A span as it may come from anywhere: every field may be missing or null. A `Span` of the model is one. */
export interface SpanLike {
  span_id?: unknown
  run_id?: unknown
  step_type?: unknown
  name?: unknown
  tool?: unknown
  started_at_ms?: unknown
  latency_ms?: unknown
  status?: unknown
  error_class?: unknown
  attributes?: unknown
}

/** A log event as it may come from anywhere. A `LogEvent` of the model is one. */
export interface EventLike {
  event?: unknown
  run_id?: unknown
  tool?: unknown
  args_hash?: unknown
  /** Who called the tool, where it was not the agent. */
  tool_caller?: unknown
  stop_reason?: unknown
}

/** The number, or what stands in for a missing one. */
export function numberOr<T>(value: unknown, fallback: T): number | T {
  return typeof value === 'number' && !Number.isNaN(value) ? value : fallback
}

/** A sorted copy, earliest start first; a missing start counts as 0, equal starts keep their order. */
export function sortByStart<S extends SpanLike>(spans: readonly S[]): S[] {
  return spans.toSorted((a, b) => {
    const left = numberOr(a.started_at_ms, 0)
    const right = numberOr(b.started_at_ms, 0)
    return left < right ? -1 : left > right ? 1 : 0
  })
}

/** What to call a span in a sentence: its name, else its tool, else its id. */
export function spanName(span: SpanLike): string {
  for (const value of [span.name, span.tool, span.span_id]) if (typeof value === 'string' && value !== '') return value
  return 'unnamed span'
}

const POINTER_FIELDS = ['span_id', 'step_type', 'name', 'tool', 'error_class', 'latency_ms'] as const

/** The fields of a span by which a person finds it again, as evidence of a hypothesis. */
export function pointTo(span: SpanLike | null): JsonValue {
  if (span === null) return null
  const pointer: JsonObject = {}
  for (const field of POINTER_FIELDS) {
    const value = span[field]
    if (typeof value === 'string' || typeof value === 'number') pointer[field] = value
  }
  const spans = (span.attributes as Record<string, JsonValue> | null | undefined)?.[OTEL.spans]
  if (Array.isArray(spans)) pointer.within = spans
  return pointer
}

/** Counts per key as an object; safe for keys such as `__proto__`. */
export function toRecord(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries(counts)
}

/** Adds to a count. */
export function addTo(counts: Map<string, number>, key: string, amount = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + amount)
}
