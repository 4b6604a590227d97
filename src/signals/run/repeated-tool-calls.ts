import type { RunTrace } from '../../model/trace.ts'
import { addTo, type EventLike, toRecord } from '../span-like.ts'

/**
 * Per tool, how many calls had arguments that were seen before. A repeat is no error by itself: it may be polling.
 *
 * Source: `tool_call` events (`tool`, `args_hash`). Unit: calls. OTel: `gen_ai.tool.name`, `gen_ai.tool.call.arguments` (hashed).
 */
export function repeatedToolCalls(trace: RunTrace): Record<string, number> {
  return countRepeats(trace.events)
}

/** Repeats per tool in a log; a missing tool or hash counts as a value of its own, shown as `null`. */
export function countRepeats(events: readonly EventLike[]): Record<string, number> {
  const seen = new Set<string>()
  const repeats = new Map<string, number>()
  for (const event of events) {
    if (event.event !== 'tool_call') continue
    const key = callKey(event)
    if (seen.has(key)) addTo(repeats, String(event.tool ?? null))
    seen.add(key)
  }
  return toRecord(repeats)
}

/** What makes two tool calls the same: tool, arguments, and who called it where it was not the agent. */
export function callKey(event: EventLike): string {
  const caller = typeof event.tool_caller === 'string' ? [event.tool_caller] : []
  return JSON.stringify([event.tool ?? null, event.args_hash ?? null, ...caller])
}
