import { EVIDENCE_GRADES } from '../model/evidence.ts'
import type { Trigger } from '../model/incident.ts'
import type { RunTrace } from '../model/trace.ts'
import type { EvidencePath, EvidenceReport } from '../model/verdict.ts'
import { supports } from './grade-evidence.ts'
import { showsTrigger } from './roles/count-trigger.ts'
import type { GradedInteraction } from './trial-run.ts'

/**
 * The answers on the path from trigger to outcome, in order of the calls: from the first one in which the trigger shows to the end of
 * the run, as cause and symptom are statements about all that followed. All of the run where the trigger was never met.
 *
 * @param told ids of spans that show the trigger by the agent's word alone
 */
export function tracePath(
  trace: RunTrace | null,
  interactions: readonly GradedInteraction[],
  trigger: Trigger,
  told: readonly string[] = [],
): EvidencePath {
  const spans = (trace?.spans ?? []).filter((span) => !told.includes(span.span_id) && showsTrigger(trigger, span))
  const shown = new Set(spans.flatMap((span) => span.interactions))
  const start = interactions.findIndex(({ id }) => shown.has(id))
  return interactions.slice(Math.max(0, start)).map(({ id, evidence }) => ({
    interaction: id,
    grade: evidence !== undefined && EVIDENCE_GRADES.includes(evidence.grade) ? evidence.grade : 'none',
    trigger: shown.has(id),
  }))
}

/** A report whose coverage counts the path from trigger to outcome. */
export function coverPath(report: EvidenceReport, path: EvidencePath): EvidenceReport {
  const good = path.filter(({ grade }) => supports(grade, 'live')).length
  return { ...report, path, coverage: path.length === 0 ? report.coverage : good / path.length }
}
