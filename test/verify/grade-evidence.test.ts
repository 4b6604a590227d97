import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EVIDENCE_GRADES, type EvidenceGrade } from '../../src/model/evidence.ts'
import { gradeEvidence, supports } from '../../src/verify/grade-evidence.ts'
import type { GradedInteraction } from '../../src/verify/trial-run.ts'

function answer(id: string, grade: EvidenceGrade, source: string | null = id): GradedInteraction {
  return { id, evidence: { grade, source } }
}

test('counts grades, worst, coverage and what was not asked', () => {
  const served = [
    answer('c1', 'exact'),
    answer('c2', 'renamed'),
    answer('c3', 'stub', null),
    answer('c4', 'none', null),
  ]
  expect(gradeEvidence(served, ['c1', 'c2', 'c5'])).toEqual({
    coverage: 0.75,
    grades: { exact: 1, renamed: 1, stub: 1, none: 1 },
    worst: 'none',
    unused: ['c5'],
  })
})

test('covers nothing given no request', () => {
  expect(gradeEvidence([], ['c1'])).toEqual({ coverage: 0, grades: {}, worst: null, unused: ['c1'] })
})

test.each<[string, GradedInteraction]>([
  ['no grade', { id: 'c1' }],
  ['an unknown grade', { id: 'c1', evidence: { grade: 'perfect' as EvidenceGrade, source: 'c1' } }],
  ['an exact answer without a source', answer('c1', 'exact', null)],
  ['an exact answer from a source that is not recorded', answer('c1', 'exact', 'c9')],
  ['a renamed answer without a source', answer('c1', 'renamed', null)],
  ['an ignored answer without a source', answer('c1', 'ignored', null)],
])('takes an answer as none given %s', (_, interaction) => {
  expect(gradeEvidence([interaction], ['c1'])).toMatchObject({ coverage: 0, grades: { none: 1 }, worst: 'none' })
})

test('does not take an answer of another recording as use of this one', () => {
  expect(gradeEvidence([answer('c1', 'pooled', 'c1')], ['c1'])).toMatchObject({
    coverage: 1,
    worst: 'pooled',
    unused: ['c1'],
  })
})

test('keeps its books given any answers: counts add up, worst is the worst, coverage counts the good ones', () => {
  const grades = fc.array(fc.constantFrom(...EVIDENCE_GRADES), { minLength: 1 })
  fc.assert(
    fc.property(grades, (list) => {
      const report = gradeEvidence(
        list.map((grade) => answer('c1', grade)),
        ['c1'],
      )
      const counted = Object.values(report.grades).reduce((sum, count) => sum + count, 0)
      const worst = Math.max(...list.map((grade) => EVIDENCE_GRADES.indexOf(grade)))
      expect(counted).toBe(list.length)
      expect(report.worst).toBe(EVIDENCE_GRADES[worst])
      expect(report.coverage === 1).toBe(worst < EVIDENCE_GRADES.indexOf('stale'))
    }),
  )
})

test('supports nothing given a worthless or unknown grade', () => {
  expect(EVIDENCE_GRADES.filter((grade) => supports(grade, 'none'))).toEqual(EVIDENCE_GRADES.slice(0, 6))
  expect(supports('perfect' as EvidenceGrade, 'none')).toBe(false)
  expect(supports('exact', 'perfect' as EvidenceGrade)).toBe(false)
})
