import type { RunTrace, Span } from '../../model/trace.ts'
import { type SpanLike, sortByStart } from '../span-like.ts'
import { ownSpans } from '../span-tree.ts'

/**
 * The first span, by start, that ended in an error; null without one. A pointer to where to look first, not the cause:
 * most failed runs have no error span at all. What went wrong within a wrapped function is told by its own span.
 *
 * Source: spans (`status`, `started_at_ms`). OTel: span status, `error.type`.
 */
export function firstErrorSpan(trace: RunTrace): Span | null {
  return findFirstError(sortByStart(ownSpans(trace)))
}

/** The first span with status `error` of spans that are already sorted. */
export function findFirstError<S extends SpanLike>(sorted: readonly S[]): S | null {
  return sorted.find((span) => span.status === 'error') ?? null
}
