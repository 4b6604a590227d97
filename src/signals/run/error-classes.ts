import type { RunTrace } from '../../model/trace.ts'
import { addTo, toRecord } from '../span-like.ts'
import { ownSpans } from '../span-tree.ts'
import { classOf } from './error-class.ts'

/**
 * How many error spans there are of each class. A nested error counts as often as there are error spans around it, but for one
 * within a wrapped function, whose own outcome counts.
 *
 * Source: spans (`status`, `error_class`). Unit: spans. OTel: span status, `error.type`.
 */
export function errorClasses(trace: RunTrace): Record<string, number> {
  const counts = new Map<string, number>()
  for (const span of ownSpans(trace)) if (span.status === 'error') addTo(counts, classOf(span))
  return toRecord(counts)
}
