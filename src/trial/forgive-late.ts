import type { Recording } from '../model/recording.ts'
import type { ErrorShape } from '../model/run.ts'
import type { Divergence, SetTimer } from '../model/verdict.ts'
import { canonicaliseInteraction, canonicalText } from '../replay/canonical-call.ts'
import { createIgnoreVolatile } from '../replay/ignore-volatile.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { computeSignals } from '../signals/compute-signals.ts'
import { projectRun } from '../trace/project-run.ts'
import type { TrialRun } from '../verify/trial-run.ts'
import { gradeRun, withoutRuns } from './grade-replay.ts'
import type { TrialReplay } from './run-replay.ts'

/**
 * Passes over what an agent does after its output just as the unfixed agent does: calls that the recording does not hold, because
 * for `record()` a run is over with its output; and timers that never end, or keep no process alive. Both become assumptions. What the unfixed agent does
 * not do, or not so often, stays.
 *
 * @param unfixed The replay of the unfixed agent; it may be the one that is judged.
 */
export function forgiveLate(
  replay: TrialReplay,
  unfixed: TrialReplay,
  recording: Recording,
  scenario: Scenario,
): TrialReplay {
  const { left } = replay.result
  const calls = findSameCalls(replay, unfixed, scenario)
  if (calls.length === 0 && left.length === 0) return replay
  const more = takeAway(left, unfixed.result.left, ({ what }) => what)
  const kept = more.filter(({ unref }) => unref !== true)
  const ids = new Set(calls.map(({ interaction }) => interaction))
  const interactions = replay.interactions.filter(({ id }) => !ids.has(id))
  const divergences = replay.run.divergences.filter((one) => !calls.includes(one))
  const trace =
    calls.length === 0 || replay.replayed === null ? replay.run.trace : projectRun({ ...replay.replayed, interactions })
  const run: TrialRun = {
    ...replay.run,
    ...(calls.length > 0 && endWithout({ ...replay, divergences }, unfixed)),
    trace,
    signals: trace && computeSignals(trace),
    evidence: gradeRun({ interactions, trace, told: replay.run.told }, recording, scenario),
    interactions: withoutRuns(interactions),
    divergences,
    left: kept,
    assumptions: [...replay.run.assumptions, ...assumeCalls(calls), ...assumeTimers(left, more, kept)],
  }
  return { ...replay, interactions, run }
}

/** The late questions without an answer that the unfixed agent asks as well. */
function findSameCalls(replay: TrialReplay, unfixed: TrialReplay, { replay: { volatile } }: Scenario): Divergence[] {
  const ignore = createIgnoreVolatile(volatile) ?? ((content) => content)
  const listLate = ({ interactions, run }: TrialReplay): { divergence: Divergence; asked: string }[] =>
    run.divergences.flatMap((divergence) => {
      const call = interactions.find(({ id }) => id === divergence.interaction)
      if (!divergence.late || divergence.grade !== 'none' || call === undefined) return []
      const { target, content } = canonicaliseInteraction(call)
      return [{ divergence, asked: canonicalText(target, ignore(content)) }]
    })
  const late = listLate(replay)
  const more = takeAway(late, listLate(unfixed), ({ asked }) => asked)
  return late.filter((one) => !more.includes(one)).map(({ divergence }) => divergence)
}

/** How a run ended, once some questions are passed over that ended the replay. */
function endWithout(
  { run, replayed, divergences }: TrialReplay & { divergences: Divergence[] },
  unfixed: TrialReplay,
): Partial<TrialRun> {
  const isAnswered = divergences.every(({ grade }) => grade !== 'none')
  if (!isAnswered || !replayed?.finish) return {}
  const { error } = replayed.finish
  const finished = { outcome: 'finished', failure: undefined, agent_error: error } as const
  if (run.outcome === 'diverged') return finished
  // A question that is never answered may be what it died of.
  const isSame = run.outcome === 'crashed' && isSameError(run.agent_error, unfixed.run.agent_error)
  return isSame ? finished : {}
}

function isSameError(a: ErrorShape | null, b: ErrorShape | null): boolean {
  return a !== null && b !== null && a.name === b.name && a.message === b.message
}

/** What is left of some things once those of another list are taken away, each as often as it is there. */
function takeAway<T>(from: readonly T[], what: readonly T[], keyOf: (one: T) => string): T[] {
  const taken = Map.groupBy(what, keyOf)
  return from.filter((one) => taken.get(keyOf(one))?.pop() === undefined)
}

function assumeCalls(calls: readonly Divergence[]): string[] {
  return [...Map.groupBy(calls, ({ summary }) => summary)].map(
    ([summary, { length }]) =>
      `${summary}${length === 1 ? '' : ` ×${length}`} after its output: not in the recording, never answered, and the unfixed agent asks the same`,
  )
}

function assumeTimers(left: readonly SetTimer[], more: readonly SetTimer[], kept: readonly SetTimer[]): string[] {
  return left
    .filter((one) => !kept.includes(one))
    .map((one) => {
      const why = more.includes(one) ? ', and asked nothing that is not told here' : ', as with the unfixed agent'
      return `${one.what}${one.at === null ? '' : ` at ${one.at}`} goes on without end${why}`
    })
}
