import { OTEL } from '../../model/gen-ai.ts'
import type { RunTrace } from '../../model/trace.ts'
import { modelCalls, readAttribute } from '../span-tree.ts'

/**
 * Messages of the longest model request over messages of the first one; 1 without growth or without counts.
 *
 * Source: attribute `retrial.request.message_count` of model calls. Unit: ratio.
 */
export function contextGrowth(trace: RunTrace): number {
  const counts = modelCalls(trace, OTEL.messageCount)
    .map((span) => readAttribute(span, OTEL.messageCount))
    .filter((count) => typeof count === 'number')
  const first = counts[0]
  if (first === undefined) return 1
  const longest = counts.reduce((most, count) => Math.max(most, count), first)
  return Math.max(1, longest / Math.max(1, first))
}
