import { OTEL } from '../../model/gen-ai.ts'
import type { RunTrace } from '../../model/trace.ts'
import { addTo, toRecord } from '../span-like.ts'
import { readAttribute } from '../span-tree.ts'

/**
 * Attempts beyond the first of the same model or HTTP request, by span name; names without retries are left out.
 *
 * Source: span attribute `retrial.retries`. Unit: attempts.
 */
export function retries(trace: RunTrace): Record<string, number> {
  const counts = new Map<string, number>()
  for (const span of trace.spans) {
    const attempts = readAttribute(span, OTEL.retries)
    if (typeof attempts === 'number' && attempts > 0) addTo(counts, span.name, attempts)
  }
  return toRecord(counts)
}
