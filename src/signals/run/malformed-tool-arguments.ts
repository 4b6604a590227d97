import { OTEL } from '../../model/gen-ai.ts'
import type { RunTrace } from '../../model/trace.ts'
import { readAttribute } from '../span-tree.ts'

/**
 * How many tool calls had arguments that are not valid JSON.
 *
 * Source: span attribute `retrial.tool.malformed_arguments` (true on a tool call, or a count on a model call). Unit: calls.
 */
export function malformedToolArguments(trace: RunTrace): number {
  let count = 0
  for (const span of trace.spans) {
    const mark = readAttribute(span, OTEL.malformedArguments)
    if (typeof mark === 'number') count += mark
    else if (mark === true) count += 1
  }
  return count
}
