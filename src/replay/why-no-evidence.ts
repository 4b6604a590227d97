import { WORTHLESS_GRADES } from '../model/evidence.ts'
import type { Recording } from '../model/recording.ts'

/** Why the answers of a recording are no evidence beside that of the incident; null when they are. */
export function whyNoEvidence({ base, interactions, notes }: Recording): string | null {
  // Its answers are those of another recording, and may have been given to other questions.
  if (base !== undefined || interactions.some(({ evidence }) => evidence !== undefined)) return 'it is that of a replay'
  if (notes.some(({ code }) => code === 'trace_only')) return 'it holds no answers'
  // The n-th answer may be another one than it seems.
  if (notes.some(({ code }) => code === 'dropped')) return 'records of it were lost'
  return null
}

/** Whether a recording is of a replay in which answers were given that prove nothing: here they would look recorded. */
export function holdsWorthlessAnswers({ interactions }: Recording): boolean {
  return interactions.some(({ evidence }) => evidence !== undefined && WORTHLESS_GRADES.includes(evidence.grade))
}
