import type { EvidenceGrade } from '../model/evidence.ts'
import { countOf } from './reason-codes.ts'
import type { TrialRun } from './trial-run.ts'

const ASSUMED: readonly [grade: EvidenceGrade, why: string][] = [
  ['ignored', 'equal only once volatile fields are ignored'],
  ['pooled', 'taken from another recording'],
  ['stub', 'supplied by the scenario'],
  ['live', 'sampled once from a live system'],
]

/** What a run takes for granted: what the replay listed, and a line for each grade of assumed answers it did not list. */
export function listAssumptions(run: TrialRun): string[] {
  const listed = [...run.assumptions]
  for (const [grade, why] of ASSUMED) {
    const count = run.evidence.grades[grade] ?? 0
    if (count > 0 && !run.assumptions.some((line) => line.includes(grade))) {
      listed.push(`${countOf(count, `${grade} answer`)}: ${why}`)
    }
  }
  return listed
}
