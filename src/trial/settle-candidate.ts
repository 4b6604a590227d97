import type { Recording } from '../model/recording.ts'
import type { ChanceSource } from '../model/verdict.ts'
import type { ObservedSource } from '../replay/observed-source.ts'
import type { Scenario, ScenarioCandidate } from '../scenario/scenario.ts'
import type { TrialReplay } from './run-replay.ts'
import { settleSources } from './settle-sources.ts'

/** What is known of the unfixed agent, with which candidates are compared. */
interface UnfixedSources {
  recording: Recording
  /** Folder of git revisions. */
  revisions: string
  sources: readonly ObservedSource[]
}

/** Judges each source that a candidate looked at and no recording holds. */
export function settleCandidate(
  { replay }: Scenario,
  { agent }: ScenarioCandidate,
  { result, cwd }: Pick<TrialReplay, 'result' | 'cwd'>,
  { recording, revisions, sources }: UnfixedSources,
): ChanceSource[] {
  const known = { recording, accepted: replay.accept, stated: agent.env, cwd, revisions, baseline: sources }
  return settleSources(result.sources, known)
}
