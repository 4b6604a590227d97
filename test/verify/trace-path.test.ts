import { expect, test } from 'vitest'
import type { EvidenceGrade } from '../../src/model/evidence.ts'
import type { RunTrace, Span } from '../../src/model/trace.ts'
import { gradeEvidence } from '../../src/verify/grade-evidence.ts'
import { coverPath, tracePath } from '../../src/verify/trace-path.ts'

const TRIGGER = { span: 'tool_call:search', error_class: 'timeout', at_least: 1 }

const span = (interaction: string, error_class: string | null) =>
  ({
    step_type: 'tool_call',
    name: 'search',
    status: error_class === null ? 'ok' : 'error',
    error_class,
    attributes: {},
    interactions: [interaction],
  }) as unknown as Span

const asked = (grades: EvidenceGrade[]) =>
  grades.map((grade, i) => ({ id: `c${i + 1}`, evidence: { grade, source: `c${i + 1}` } }))

test('runs from the first answer in which the trigger shows to the end, and coverage counts that, given a weak answer before it', () => {
  const interactions = asked(['stale', 'exact', 'exact', 'pooled'])
  const trace = { spans: [span('c1', null), span('c2', 'timeout'), span('c4', 'timeout')] } as RunTrace
  const path = tracePath(trace, interactions, TRIGGER)
  expect(path).toEqual([
    { interaction: 'c2', grade: 'exact', trigger: true },
    { interaction: 'c3', grade: 'exact', trigger: false },
    { interaction: 'c4', grade: 'pooled', trigger: true },
  ])
  const report = gradeEvidence(interactions, ['c1', 'c2', 'c3', 'c4'])
  expect(report.coverage).toBe(0.75)
  // The weak answer still stands in the grades, by which a run is weak.
  expect(coverPath(report, path)).toMatchObject({ coverage: 1, grades: { stale: 1 }, worst: 'stale' })
})

test('is all of the run given a trigger that was never met, or cannot be evaluated', () => {
  const interactions = asked(['exact', 'none'])
  for (const trigger of [TRIGGER, { ...TRIGGER, result: { matches: '(' } }]) {
    const path = tracePath({ spans: [span('c2', null)] } as RunTrace, interactions, trigger)
    expect(path.map(({ interaction }) => interaction)).toEqual(['c1', 'c2'])
    expect(coverPath(gradeEvidence(interactions, ['c1']), path).coverage).toBe(0.5)
  }
})
