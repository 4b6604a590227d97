import type { RunTrace } from '../../model/trace.ts'
import { indexSpans } from '../span-tree.ts'

/**
 * How many spans are not nested in another span of the run: model calls, tool calls and plain requests.
 *
 * Source: spans (`parent_id`). Unit: spans. OTel: parent span id.
 */
export function steps(trace: RunTrace): number {
  const byId = indexSpans(trace)
  return trace.spans.filter((span) => span.parent_id === null || !byId.has(span.parent_id)).length
}
