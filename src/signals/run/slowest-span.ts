import type { RunTrace, Span } from '../../model/trace.ts'
import { numberOr, type SpanLike, sortByStart } from '../span-like.ts'
import { ownSpans } from '../span-tree.ts'

/**
 * The span with the largest latency (ms), the earliest of equals; null for a run without spans. In most runs it is a
 * model call, and a span around others is at least as slow as they are.
 *
 * Source: spans (`latency_ms`). OTel: span start and end time.
 */
export function slowestSpan(trace: RunTrace): Span | null {
  return findSlowest(sortByStart(ownSpans(trace)))
}

/** The first span with the largest latency of spans that are already sorted; a missing latency counts as 0. */
export function findSlowest<S extends SpanLike>(sorted: readonly S[]): S | null {
  let slowest: S | null = null
  for (const span of sorted) {
    if (slowest === null || numberOr(span.latency_ms, 0) > numberOr(slowest.latency_ms, 0)) slowest = span
  }
  return slowest
}
