import { expect, test } from 'vitest'
import type { Signals } from '../../src/model/signal.ts'
import type { Verdict } from '../../src/model/verdict.ts'
import type { CandidateInput } from '../../src/verify/candidate-input.ts'
import { exitCodeOf } from '../../src/verify/exit-code-of.ts'
import { gradeEvidence } from '../../src/verify/grade-evidence.ts'
import { judgeBaseline } from '../../src/verify/judge-baseline.ts'
import { judgeCandidate } from '../../src/verify/judge-candidate.ts'
import type { TrialRun } from '../../src/verify/trial-run.ts'
import {
  EGRESS,
  GREEN,
  INCIDENT,
  makeDivergence,
  makeEvidence,
  makeRun,
  makeSignals,
  makeTrace,
  RED,
  THROWN,
  TOLERANCE,
} from './runs.ts'

/** Every test below plants one way in which other harnesses have been green without proof. None may end in `fixed`. */
function judge(
  candidate: Partial<TrialRun>,
  overrides: Partial<CandidateInput> = {},
): { verdict: Verdict; codes: string[] } {
  const { verdict, reasons } = judgeCandidate({
    baseline: { verdict: 'reproduced', run: makeRun(RED) },
    candidate: makeRun(GREEN, candidate),
    incident: INCIDENT,
    required: 'exact',
    tolerance: TOLERANCE,
    ...overrides,
  })
  return { verdict, codes: reasons.map(({ code }) => code) }
}

test('is fixed given none of the defects below', () => {
  expect(judge({})).toEqual({ verdict: 'fixed', codes: ['trigger_met', 'cause_gone', 'symptom_gone'] })
})

test('is not green given that no scenario matched', () => {
  expect(exitCodeOf([])).toBe(3)
})

test('is not green given a pattern that selects a scenario without candidates', () => {
  const { verdict, reasons } = judgeBaseline({ run: makeRun(RED), incident: INCIDENT, required: 'exact' })
  const evidence = makeEvidence('exact')
  const baseline = {
    verdict,
    reasons,
    agent: '',
    evidence,
    findings: null,
    signals: null,
    recording: null,
    isolation: [],
  }
  expect(
    exitCodeOf([{ id: 's', title: '', file: '', seed: '', seeded: false, baseline, candidates: [], duration_ms: 0 }]),
  ).toBe(3)
})

test('is an error given a judge that throws', () => {
  expect(judge({}, { expect: { output: { matches: '(' } } })).toEqual({ verdict: 'error', codes: ['judge_failed'] })
  const incident = { ...INCIDENT, symptom: { signal: 'steps', tool: 'x', at_least: 99 } as const }
  expect(judge({}, { incident })).toEqual({ verdict: 'error', codes: ['judge_failed'] })
  expect(judgeBaseline({ run: makeRun(RED), incident, required: 'exact' }).verdict).toBe('error')
})

test('is an error given signals that nobody awaited', () => {
  const pending = Promise.resolve(makeSignals()) as unknown as Signals
  expect(judge({ signals: pending })).toEqual({ verdict: 'error', codes: ['judge_failed'] })
})

test('is not_reproduced given an original run that does not fail', () => {
  const run = makeRun(GREEN)
  const { verdict } = judgeBaseline({ run, incident: INCIDENT, required: 'exact' })
  expect(verdict).toBe('not_reproduced')
  expect(judge({}, { baseline: { verdict, run } }).verdict).toBe('not_reproduced')
})

test('is not_reproduced given a redaction that removed the failing token from view', () => {
  const run = makeRun(RED, { signals: makeSignals({ stop_reason: '[redacted]', repeated_tool_calls: { lookup: 3 } }) })
  expect(judgeBaseline({ run, incident: INCIDENT, required: 'exact' }).verdict).toBe('not_reproduced')
})

test('is inconclusive given a recording cut before the failing step', () => {
  expect(judge({ integrity: 'torn' })).toEqual({
    verdict: 'inconclusive',
    codes: ['unsealed_recording', 'proof_reaches'],
  })
  expect(judge({ integrity: 'unsealed' }).verdict).toBe('inconclusive')
})

test('is inconclusive given an agent that exits before it asked anything', () => {
  const evidence = gradeEvidence([], ['c1', 'c2'])
  expect(judge({ evidence, trace: makeTrace() }).codes).toContain('nothing_exercised')
  expect(judge({ evidence, trace: makeTrace() }, { accept_bypass: true }).verdict).toBe('inconclusive')
})

test('is bypassed given an agent that exits before the trigger', () => {
  expect(judge({ trace: makeTrace() }).verdict).toBe('bypassed')
})

test('stays bypassed given an accepted bypass with the cause still there', () => {
  const signals = makeSignals({ repeated_tool_calls: { lookup: 2 } })
  expect(judge({ trace: makeTrace(), signals }, { accept_bypass: true })).toMatchObject({ verdict: 'bypassed' })
})

test('is inconclusive given a divergence before the failing step and a free run after it', () => {
  expect(judge({ divergences: [makeDivergence({ step: 1 })] }).verdict).toBe('inconclusive')
  expect(judge({ outcome: 'diverged' }).codes).toContain('diverged')
})

test('is inconclusive given a miss that was answered by a default or by an old answer', () => {
  for (const grade of ['none', 'stale', 'beyond'] as const) {
    expect(judge({ evidence: makeEvidence(grade) }, { required: 'none' }).codes).toContain('worthless_evidence')
  }
})

test('is inconclusive given counts that hide a worthless answer', () => {
  const hidden = { ...makeEvidence('exact'), worst: 'stale' as const }
  expect(judge({ evidence: hidden }).verdict).toBe('inconclusive')
  expect(judge({ evidence: { ...makeEvidence('stale'), worst: 'exact', coverage: 1 } }).verdict).toBe('inconclusive')
  expect(judge({ evidence: { ...makeEvidence('exact'), coverage: 0.99 } }).codes).toContain('incomplete_coverage')
  expect(judge({ evidence: { ...makeEvidence('exact'), coverage: Number.NaN } }).verdict).toBe('inconclusive')
  const interactions = [{ id: 'c1' }]
  expect(judge({ interactions }).verdict).toBe('inconclusive')
})

test('is inconclusive given blocked egress that the agent swallowed', () => {
  expect(judge({ egress: [EGRESS] })).toEqual({ verdict: 'inconclusive', codes: ['blocked_egress', 'proof_reaches'] })
})

test('is inconclusive given matched values that JSON made equal', () => {
  expect(judge({ lossy: ['c2 $.value'] }).codes).toContain('lossy_values')
  const run = makeRun(RED, { lossy: ['c2 $.value'] })
  expect(judgeBaseline({ run, incident: INCIDENT, required: 'exact' }).verdict).toBe('inconclusive')
})

test('is not_fixed given a baseline compared with itself', () => {
  const run = makeRun(RED)
  expect(judge(run, { baseline: { verdict: 'reproduced', run } }).verdict).toBe('not_fixed')
})

test('is inconclusive given a process that ended with promises pending', () => {
  expect(judge({ trace: makeTrace({ finished: false }) }).codes).toContain('run_unfinished')
  expect(judge({ outcome: 'deadlock' }).codes).toContain('deadlocked')
})

test('is an error given an outcome that nobody knows', () => {
  expect(judge({ outcome: 'skipped' as TrialRun['outcome'] })).toEqual({ verdict: 'error', codes: ['harness_error'] })
  expect(judge({ trace: null })).toEqual({ verdict: 'error', codes: ['harness_error'] })
  expect(judge({ signals: null }).verdict).toBe('error')
})

test('is an error given a baseline verdict that nobody knows', () => {
  const baseline = { verdict: 'fine' as 'reproduced', run: makeRun(RED) }
  expect(judge({}, { baseline }).verdict).toBe('error')
})

test('is regressed given a symptom that only changed its name', () => {
  const signals = makeSignals({ stop_reason: 'max_steps' })
  expect(judge({ signals })).toMatchObject({ verdict: 'regressed', codes: expect.arrayContaining(['new_stop_reason']) })
})

test('is refuted given an expectation that was violated before and still is', () => {
  const expected = { output: { matches: 'refund' } }
  expect(judge({}, { expect: expected })).toMatchObject({
    verdict: 'refuted',
    codes: expect.arrayContaining(['expectation_still_broken']),
  })
  const signals = makeSignals({ repeated_tool_calls: { lookup: 2 } })
  expect(judge({ signals }, { expect: expected }).verdict).toBe('not_fixed')
})

test('is an error given a candidate that throws where the baseline did not', () => {
  expect(judge({ agent_error: THROWN })).toEqual({ verdict: 'error', codes: ['agent_threw'] })
})

test('is refuted given a candidate that throws where the baseline threw as well', () => {
  const baseline = { verdict: 'reproduced', run: makeRun(RED, { agent_error: THROWN }) } as const
  expect(judge({ agent_error: { name: 'RangeError', message: 'other' } }, { baseline }).verdict).toBe('refuted')
})

test('is inconclusive given a throw that a refused answer explains', () => {
  const { verdict, codes } = judge({ agent_error: THROWN, divergences: [makeDivergence()] })
  expect([verdict, codes.at(-1)]).toEqual(['inconclusive', 'agent_threw'])
  expect(judge({ outcome: 'crashed', egress: [EGRESS] }).verdict).toBe('inconclusive')
  expect(judge({ outcome: 'crashed' }).verdict).toBe('error')
})

test('does not let a pass hide a failure given the same candidate tried twice', () => {
  const evidence = makeEvidence('exact')
  const empty = { agent: '', evidence, findings: null, signals: null, reasons: [], recording: null, isolation: [] }
  const attempt = (verdict: Verdict) => ({
    id: 's',
    title: '',
    file: '',
    baseline: { ...empty, verdict: 'reproduced' as const },
    candidates: [
      {
        ...empty,
        id: 'c',
        verdict,
        expect: 'fixed' as const,
        gate: 'pass' as const,
        assumptions: [],
        divergences: [],
        egress: [],
        sources: [],
      },
    ],
    seed: '',
    seeded: false,
    duration_ms: 0,
  })
  expect(exitCodeOf([attempt('not_fixed'), attempt('fixed')])).toBe(1)
})
