/** How good an answer served in a replay is as evidence, best first. */
export const EVIDENCE_GRADES = [
  'exact',
  'renamed',
  'ignored',
  'pooled',
  'stub',
  'live',
  'stale',
  'beyond',
  'none',
] as const
export type EvidenceGrade = (typeof EVIDENCE_GRADES)[number]

/** Grades that never support `fixed`. */
export const WORTHLESS_GRADES: readonly EvidenceGrade[] = ['stale', 'beyond', 'none']

/** Where an answer served in a replay came from. */
export interface Evidence {
  grade: EvidenceGrade
  /** Id of the recorded interaction that was served; null when nothing was. */
  source: string | null
  /** What was renamed, ignored or assumed, in words. */
  note?: string | undefined
}

/** How many answers of a replay had which grade; grades that did not occur are left out. */
export type EvidenceCount = Partial<Record<EvidenceGrade, number>>

/** True when grade `a` is at least as good as grade `b`. */
export function isAtLeast(a: EvidenceGrade, b: EvidenceGrade): boolean {
  return EVIDENCE_GRADES.indexOf(a) <= EVIDENCE_GRADES.indexOf(b)
}
