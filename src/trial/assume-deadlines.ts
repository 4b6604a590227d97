import { formatMs } from '../core/format-ms.ts'
import type { Interaction, InteractionEnd } from '../model/interaction.ts'
import type { Span } from '../model/trace.ts'
import { countOf } from '../verify/reason-codes.ts'
import type { TrialReplay } from './run-replay.ts'

/** What is less than that is the machine's, ms. */
const NOTHING_MS = 0.5

/**
 * What is taken for granted where a candidate gives a call up, on the path from the trigger to the outcome, sooner than it had ended:
 * that nobody needs the answers that come later. That it is given up is known exactly; what the world would have said in time
 * enough for the old deadline and not for the new one is not.
 *
 * @param recorded interactions of the recording that was served
 */
export function assumeDeadlines(
  { run, interactions }: Pick<TrialReplay, 'run' | 'interactions'>,
  unfixed: Pick<TrialReplay, 'interactions'>,
  recorded: readonly Interaction[],
): string[] {
  const path = new Set(run.evidence.path?.map(({ interaction }) => interaction))
  const known = new Map(recorded.map((one) => [one.id, one]))
  // A timer is on time in a replay, and late in a recording: what the unfixed agent did in its replay compares better.
  for (const one of unfixed.interactions) if (one.evidence?.source != null) known.set(one.evidence.source, one)
  const given = new Map<string, { after_ms: number; before: InteractionEnd; times: number }>()
  for (const { id, end, evidence } of interactions) {
    const before = known.get(evidence?.source ?? '')?.end
    if (!path.has(id) || end?.kind !== 'aborted' || before == null) continue
    if (end.offset_ms >= before.offset_ms - NOTHING_MS) continue
    const name = nameOf(id, run.trace?.spans ?? [])
    const soonest = given.get(name)
    const isSooner = soonest === undefined || end.offset_ms < soonest.after_ms
    const deadline = isSooner ? { after_ms: end.offset_ms, before } : soonest
    given.set(name, { ...deadline, times: (soonest?.times ?? 0) + 1 })
  }
  return [...given].map(([name, { after_ms, before, times }]) => {
    const what = before.kind === 'aborted' ? 'the recorded client waited' : 'the recorded call took'
    const count = times === 1 ? '' : ` (${countOf(times, 'call')}, the soonest)`
    return `gives up on ${name} after ${formatMs(after_ms)} where ${what} ${formatMs(before.offset_ms)}: slower answers are lost${count}`
  })
}

/** The tool that made a call, else what it asks. */
function nameOf(id: string, spans: readonly Span[]): string {
  const made = spans.filter(({ interactions }) => interactions.includes(id))
  return (made.find(({ step_type }) => step_type === 'tool_call') ?? made[0])?.name ?? id
}
