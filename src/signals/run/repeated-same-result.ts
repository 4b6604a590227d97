import type { LogEvent, RunTrace } from '../../model/trace.ts'
import { addTo, toRecord } from '../span-like.ts'
import { callKey } from './repeated-tool-calls.ts'

/**
 * Per tool, how many repeated calls also got a result that an earlier equal call got: nothing was learned from them.
 * Calls whose result is not known do not count.
 *
 * Source: `tool_call` and `tool_result` events (`tool`, `args_hash`, `call_id`, `result_hash`). Unit: calls.
 * OTel: `gen_ai.tool.name`, `gen_ai.tool.call.id`, `gen_ai.tool.call.arguments` and `gen_ai.tool.call.result` (hashed).
 */
export function repeatedSameResult(trace: RunTrace): Record<string, number> {
  const results = resultsOfCalls(trace.events)
  const seen = new Map<string, Set<string>>()
  const repeats = new Map<string, number>()
  for (const event of trace.events) {
    const result = results.get(event)
    if (result === undefined) continue
    const earlier = seen.get(callKey(event))
    if (earlier?.has(result)) addTo(repeats, String(event.tool ?? null))
    if (earlier === undefined) seen.set(callKey(event), new Set([result]))
    else earlier.add(result)
  }
  return toRecord(repeats)
}

/**
 * The result hash of each tool call that has one: on the call itself, or on the first later `tool_result` with its
 * call id that no other call has taken (ids are reused in practice), or, without ids, with its tool.
 */
function resultsOfCalls(events: readonly LogEvent[]): Map<LogEvent, string> {
  const results = new Map<LogEvent, string>()
  const waiting = new Map<string, LogEvent[]>()
  for (const event of events) {
    const key = JSON.stringify([event.call_id ?? null, event.call_id === undefined ? (event.tool ?? null) : null])
    if (event.event === 'tool_call') {
      if (typeof event.result_hash === 'string') results.set(event, event.result_hash)
      const queue = waiting.get(key)
      if (queue === undefined) waiting.set(key, [event])
      else queue.push(event)
    } else if (event.event === 'tool_result') {
      const call = waiting.get(key)?.shift()
      if (call !== undefined && typeof event.result_hash === 'string') results.set(call, event.result_hash)
    }
  }
  return results
}
