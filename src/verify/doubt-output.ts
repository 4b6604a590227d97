import { isJsonObject, type JsonValue } from '../core/json.ts'
import { statedStopReason } from '../model/stop-reason.ts'
import { createReason, type VerifyReason } from './reason-codes.ts'
import type { TrialRun } from './trial-run.ts'

/** What JSON holds in another form, and whole. Anything else with a type of its own is held in part, or not at all. */
const HELD = new Set([
  'number',
  'bigint',
  'undefined',
  'symbol',
  'cycle',
  'Date',
  'Map',
  'Set',
  'RegExp',
  'URL',
  'Headers',
  'URLSearchParams',
  'Number',
  'String',
  'Boolean',
])

/**
 * Lists why an output says less of its run than that of the unfixed agent: it names no stop reason, where that one names its own, so
 * that it would pass for completed; or it holds something that JSON cannot, where that one does not, so that nobody knows
 * what is in it. None for a run that threw, or came to no end.
 */
export function doubtOutput({ trace, agent_error }: TrialRun, unfixed: TrialRun): VerifyReason[] {
  if (trace?.finished !== true || agent_error !== null || unfixed.trace === null) return []
  const found: VerifyReason[] = []
  const before = unfixed.trace.output
  const known = new Set(listHidden(before))
  const hidden = [...new Set(listHidden(trace.output))].filter((type) => !known.has(type))
  if (hidden.length > 0) {
    const message = `the output holds what JSON cannot (${hidden.join(', ')}), so what is in it is not known: return data, as the unfixed agent does`
    found.push(createReason('lossy_output', message, hidden))
  }
  const named = statedStopReason(before)
  if (unfixed.agent_error === null && named !== null && statedStopReason(trace.output) === null) {
    const message = `the output names no stop reason, and that of the unfixed agent does (${named}): return one, as it does`
    found.push(createReason('stop_reason_missing', message, { unfixed: named }))
  }
  return found
}

/** The types of what JSON does not hold, as recordings name them. */
function listHidden(value: JsonValue): string[] {
  if (Array.isArray(value)) return value.flatMap(listHidden)
  if (!isJsonObject(value)) return []
  const { $type } = value
  const own = typeof $type === 'string' && !HELD.has($type) ? [$type] : []
  return [...own, ...Object.values(value).flatMap((field) => (field === undefined ? [] : listHidden(field)))]
}
