import type { Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import type { EvidenceReport } from '../model/verdict.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { gradeEvidence } from '../verify/grade-evidence.ts'
import { coverPath, tracePath } from '../verify/trace-path.ts'
import type { TrialRun } from '../verify/trial-run.ts'

/**
 * How good the answers of a replay were. What a served tool call did inside of itself need not be asked for again; a tool
 * that ran was answered in nothing but its own calls.
 */
export function gradeReplay(interactions: readonly Interaction[], recording: Recording): EvidenceReport {
  const ids = recording.interactions.map(({ id }) => id)
  const ran = new Set(interactions.filter(hasRun).map(nameOf))
  const opened = new Set(recording.interactions.filter((one) => ran.has(nameOf(one))).map(({ id }) => id))
  const isNeedless = ({ id, parent }: Interaction): boolean =>
    opened.has(id) || (parent !== undefined && !opened.has(parent))
  const needless = new Set(recording.interactions.filter(isNeedless).map(({ id }) => id))
  const report = gradeEvidence(withoutRuns(interactions), ids)
  return { ...report, unused: report.unused.filter((id) => !needless.has(id)) }
}

function nameOf(interaction: Interaction): string | null {
  return interaction.kind === 'tool' ? interaction.name : null
}

/** The same, with the path from the trigger to the outcome. */
export function gradeRun(
  { interactions, trace, told }: { interactions: readonly Interaction[] } & Pick<TrialRun, 'trace' | 'told'>,
  recording: Recording,
  { incident }: Scenario,
): EvidenceReport {
  const graded = new Set(withoutRuns(interactions).map(({ id }) => id))
  const path = tracePath(trace, interactions, incident.trigger, told)
  const answered = path.filter(({ interaction }) => graded.has(interaction))
  return coverPath(gradeReplay(interactions, recording), answered)
}

/** The calls of a replay that were answered. */
export function withoutRuns(interactions: readonly Interaction[]): Interaction[] {
  return interactions.filter((one) => !hasRun(one))
}

function hasRun(interaction: Interaction): boolean {
  return interaction.kind === 'tool' && interaction.ran === true && interaction.evidence === undefined
}
