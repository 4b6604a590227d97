import type { EvidenceGrade } from '../model/evidence.ts'
import { EVIDENCE_GRADES, WORTHLESS_GRADES } from '../model/evidence.ts'
import type { BaselineVerdict, EvidenceReport, Verdict } from '../model/verdict.ts'

/** What each verdict says, as the beginning of a sentence that a reason ends. */
export const VERDICT_SENTENCES: Record<Verdict, string> = {
  fixed: 'cause and symptom are gone',
  masked: 'the symptom is gone, the cause is still there',
  refuted: 'the cause is gone, the symptom stayed',
  not_fixed: 'the symptom is still there',
  bypassed: 'the trigger was never met, so nothing is proved',
  not_reproduced: 'there is no incident to fix',
  regressed: 'the incident is gone, something else got worse',
  inconclusive: 'nothing is proved either way',
  error: 'something broke',
}

export const BASELINE_WORDS: Record<BaselineVerdict, string> = {
  reproduced: 'reproduced on',
  not_reproduced: 'not reproduced on',
  inconclusive: 'inconclusive on',
  error: 'error on',
}

/** `evidence 7/7 exact`, `evidence 5/7: 4 exact, 1 stub, 2 none`: how many answers were good enough for any verdict. */
export function describeEvidence(evidence: EvidenceReport): string {
  const grades = (Object.keys(evidence.grades) as EvidenceGrade[])
    .filter((grade) => (evidence.grades[grade] ?? 0) > 0)
    .toSorted((a, b) => EVIDENCE_GRADES.indexOf(a) - EVIDENCE_GRADES.indexOf(b))
  const sum = (list: EvidenceGrade[]) => list.reduce((total, grade) => total + (evidence.grades[grade] ?? 0), 0)
  const good = sum(grades.filter((grade) => !WORTHLESS_GRADES.includes(grade)))
  const share = `${good}/${sum(grades)}`
  if (grades.length === 0) return 'evidence 0/0'
  if (grades.length === 1) return `evidence ${share} ${grades[0]}`
  return `evidence ${share}: ${grades.map((grade) => `${evidence.grades[grade]} ${grade}`).join(', ')}`
}

/** `1 scenario`, `2 scenarios`. */
export function pluralize(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
