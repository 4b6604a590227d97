import type { RunTrace } from '../../model/trace.ts'
import { sortByStart } from '../span-like.ts'

/**
 * The tools in the order of their calls: from the log, or from the spans of a trace that came without a log.
 *
 * Source: `tool_call` events (`tool`), else spans of type `tool_call` (`name`). OTel: `gen_ai.tool.name`.
 */
export function toolSequence(trace: RunTrace): string[] {
  const calls = trace.events.filter((event) => event.event === 'tool_call')
  if (calls.length > 0) return calls.map((event) => String(event.tool ?? null))
  return sortByStart(trace.spans.filter((span) => span.step_type === 'tool_call')).map((span) => span.name)
}
