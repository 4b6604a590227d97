import type { Interaction } from '../model/interaction.ts'
import type { Integrity } from '../model/recording.ts'
import type { ErrorShape } from '../model/run.ts'
import type { Signals } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import type { ChanceSource, Divergence, EgressAttempt, EvidenceReport, SetTimer } from '../model/verdict.ts'

/**
 * How a run under trial came to its end. `finished`: the agent returned or threw. `diverged`: the replay stopped at a
 * question the recording cannot answer. `timeout`: the budget of virtual time or steps ran out. `hung`: that of
 * real time did. `deadlock`: everything waits
 * and nothing can happen. `crashed`: the agent's process died. `not_loaded`: the
 * agent's module cannot be loaded. `harness_error`: the harness itself broke.
 */
export type TrialOutcome =
  | 'finished'
  | 'diverged'
  | 'timeout'
  | 'hung'
  | 'deadlock'
  | 'crashed'
  | 'not_loaded'
  | 'harness_error'

/** What grading needs of an interaction. */
export type GradedInteraction = Pick<Interaction, 'id' | 'evidence'>

/** Everything about one run that a verdict rests on: the baseline's or a candidate's. */
export interface TrialRun {
  /** Null when the run left none, which is only possible when something broke. */
  trace: RunTrace | null
  signals: Signals | null
  evidence: EvidenceReport
  /** The replay's interactions in the order of the calls: lets the reasons say how far the proof reaches. */
  interactions?: readonly GradedInteraction[] | undefined
  divergences: readonly Divergence[]
  egress: readonly EgressAttempt[]
  outcome: TrialOutcome
  /** What broke or what it waits for, for outcomes other than `finished`. */
  failure?: string | undefined
  /** What the agent threw; null when it returned. */
  agent_error: ErrorShape | null
  /** The worse of two: the recording that was served, and the recording that this run left. */
  integrity: Integrity
  /** Matched values that JSON could not hold, so that two different ones may look equal: where each stands. */
  lossy: readonly string[]
  /** What the recording says it lacks: records that were lost, traffic that is not watched. In words. */
  missing?: readonly string[] | undefined
  /** What goes on after its output without end, and does not with the unfixed agent. */
  left?: readonly SetTimer[] | undefined
  /** What it looked at that no recording holds. */
  sources?: readonly ChanceSource[] | undefined
  assumptions: readonly string[]
  /** Ids of the spans that show the trigger by the agent's word alone, though the recorded ones rest on calls: they do not count. */
  told?: readonly string[] | undefined
}
