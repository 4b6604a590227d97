import {
  EVIDENCE_GRADES,
  type EvidenceCount,
  type EvidenceGrade,
  isAtLeast,
  WORTHLESS_GRADES,
} from '../model/evidence.ts'
import type { EvidenceReport } from '../model/verdict.ts'
import type { GradedInteraction } from './trial-run.ts'

/** Grades that claim an interaction of the replayed recording as their source. */
export const SOURCED: readonly EvidenceGrade[] = ['exact', 'renamed', 'ignored']

/**
 * Counts how good the answers of a replay were as evidence. An interaction without a grade, with an unknown one, or with
 * one that claims a source which the recording does not hold, counts as `none`.
 *
 * @param interactions the replay's interactions
 * @param recorded ids of the interactions of the recording that was replayed
 */
export function gradeEvidence(interactions: readonly GradedInteraction[], recorded: readonly string[]): EvidenceReport {
  const held = new Set(recorded)
  const used = new Set<string>()
  const grades: EvidenceCount = {}
  let supporting = 0
  for (const interaction of interactions) {
    const grade = gradeOf(interaction, held)
    grades[grade] = (grades[grade] ?? 0) + 1
    if (supports(grade, 'live')) supporting += 1
    if (SOURCED.includes(grade)) used.add(interaction.evidence?.source ?? '')
  }
  return {
    coverage: interactions.length === 0 ? 0 : supporting / interactions.length,
    grades,
    worst: EVIDENCE_GRADES.findLast((grade) => grades[grade] !== undefined) ?? null,
    unused: recorded.filter((id) => !used.has(id)),
  }
}

/** True when a grade is known, not worthless, and at least as good as the one required. */
export function supports(grade: EvidenceGrade, required: EvidenceGrade): boolean {
  return EVIDENCE_GRADES.includes(grade) && !WORTHLESS_GRADES.includes(grade) && isAtLeast(grade, required)
}

function gradeOf({ evidence }: GradedInteraction, held: ReadonlySet<string>): EvidenceGrade {
  if (evidence === undefined || !EVIDENCE_GRADES.includes(evidence.grade)) return 'none'
  if (SOURCED.includes(evidence.grade) && !held.has(evidence.source ?? '')) return 'none'
  return evidence.grade
}
