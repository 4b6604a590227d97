import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EVIDENCE_GRADES, type EvidenceGrade } from '../../src/model/evidence.ts'
import { VERDICTS } from '../../src/model/verdict.ts'
import { judgeBaseline } from '../../src/verify/judge-baseline.ts'
import { judgeCandidate } from '../../src/verify/judge-candidate.ts'
import { REASON_CODES } from '../../src/verify/reason-codes.ts'
import type { TrialRun } from '../../src/verify/trial-run.ts'
import {
  EGRESS,
  GREEN,
  INCIDENT,
  makeDivergence,
  makeEvidence,
  makeRun,
  makeSignals,
  makeTimeout,
  makeTrace,
  RED,
  THROWN,
  TOLERANCE,
} from './runs.ts'

function judge(candidate: TrialRun, overrides: object = {}) {
  const baseline = { verdict: 'reproduced' as const, run: makeRun(RED) }
  return judgeCandidate({
    baseline,
    candidate,
    incident: INCIDENT,
    required: 'exact',
    tolerance: TOLERANCE,
    ...overrides,
  })
}

const anyRun: fc.Arbitrary<TrialRun> = fc
  .record({
    trigger: fc.boolean(),
    cause: fc.boolean(),
    symptom: fc.boolean(),
    outcome: fc.constantFrom<TrialRun['outcome']>('finished', 'finished', 'finished', 'diverged', 'timeout', 'crashed'),
    grades: fc.array(fc.constantFrom<EvidenceGrade>('exact', 'exact', 'exact', ...EVIDENCE_GRADES), { maxLength: 4 }),
    threw: fc.boolean(),
    steps: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ outcome, threw, steps, grades, ...roles }) => {
    const run = makeRun(roles, { outcome, agent_error: threw ? THROWN : null })
    if (run.signals) run.signals.steps = steps
    const interactions = grades.map((grade, i) => ({ id: `c${i + 1}`, evidence: { grade, source: 'c1' } }))
    const worst = EVIDENCE_GRADES.findLast((grade) => grades.includes(grade)) ?? null
    const counts = Object.fromEntries(grades.map((grade) => [grade, grades.filter((other) => other === grade).length]))
    return { ...run, interactions, evidence: { coverage: 1, grades: counts, worst, unused: [] } }
  })

const DEFECTS: ((run: TrialRun) => TrialRun)[] = [
  (run) => ({ ...run, divergences: [...run.divergences, makeDivergence()] }),
  (run) => ({ ...run, egress: [...run.egress, EGRESS] }),
  (run) => ({ ...run, lossy: [...run.lossy, 'c1'] }),
  (run) => ({ ...run, integrity: 'torn' }),
  (run) => ({ ...run, outcome: 'timeout' }),
  (run) => ({ ...run, outcome: 'diverged' }),
  (run) => ({ ...run, evidence: makeEvidence('stale') }),
  (run) => ({ ...run, evidence: makeEvidence(null) }),
  (run) => ({ ...run, trace: run.trace && { ...run.trace, finished: false } }),
]

test('never moves into the table given one more defect', () => {
  fc.assert(
    fc.property(anyRun, fc.constantFrom(...DEFECTS), fc.constantFrom(...EVIDENCE_GRADES), (run, spoil, required) => {
      expect(['inconclusive', 'error']).toContain(judge(spoil(run), { required }).verdict)
    }),
    { numRuns: 2000 },
  )
})

test('never moves towards fixed given a worse grade or a stricter demand', () => {
  const swap = (run: TrialRun, grade: EvidenceGrade): TrialRun => ({ ...run, evidence: makeEvidence(grade) })
  fc.assert(
    fc.property(anyRun, fc.nat(7), fc.nat(7), (run, a, b) => {
      const [better, worse] = [Math.min(a, b), Math.max(a, b)].map((i) => EVIDENCE_GRADES[i] as EvidenceGrade) as [
        EvidenceGrade,
        EvidenceGrade,
      ]
      const clean = { ...run, interactions: undefined }
      if (judge(swap(clean, worse), { required: 'live' }).verdict === 'fixed') {
        expect(judge(swap(clean, better), { required: 'live' }).verdict).toBe('fixed')
      }
      const [strict, lax] = [
        judge(swap(clean, 'exact'), { required: better }),
        judge(swap(clean, 'exact'), { required: worse }),
      ]
      if (strict.verdict === 'fixed') expect(lax.verdict).toBe('fixed')
    }),
  )
})

test('gives known verdicts, known codes and the same answer twice given any run', () => {
  fc.assert(
    fc.property(
      anyRun,
      fc.constantFrom(...DEFECTS, (run: TrialRun) => run),
      (run, spoil) => {
        const judgement = judge(spoil(run), { expect: { max_steps: 4 } })
        expect(VERDICTS).toContain(judgement.verdict)
        expect(judgement.reasons.length).toBeGreaterThan(0)
        for (const { code } of judgement.reasons) expect(REASON_CODES).toContain(code)
        expect(judge(spoil(run), { expect: { max_steps: 4 } })).toEqual(judgement)
      },
    ),
  )
})

test('names the decisive role first given each verdict of the table', () => {
  const first = (roles: typeof RED) => judge(makeRun(roles)).reasons[0]?.code
  expect(first({ trigger: true, cause: true, symptom: false })).toBe('cause_present')
  expect(first({ trigger: true, cause: false, symptom: true })).toBe('symptom_present')
  expect(first({ trigger: true, cause: true, symptom: true })).toBe('symptom_present')
  expect(first({ trigger: false, cause: false, symptom: false })).toBe('trigger_not_met')
})

test('lists regressions without changing the verdict given one that is not fixed', () => {
  const run = makeRun({ trigger: true, cause: true, symptom: false })
  if (run.signals) run.signals.unknown_tools = 1
  const { verdict, reasons } = judge(run)
  expect([verdict, reasons.at(-1)?.code]).toEqual(['masked', 'new_unknown_tools'])
})

test('takes fixed away given a regression', () => {
  const run = makeRun(GREEN)
  if (run.signals) run.signals.unknown_tools = 1
  const { verdict, reasons } = judge(run)
  expect([verdict, reasons[0]?.code]).toEqual(['regressed', 'new_unknown_tools'])
})

test('lists a bypass as an assumption given that the scenario accepts it', () => {
  const run = makeRun({ trigger: false, cause: false, symptom: false }, { assumptions: ['guard only'] })
  const { verdict, reasons, assumptions } = judge(run, { accept_bypass: true })
  expect([verdict, reasons[0]?.code]).toEqual(['fixed', 'bypass_accepted'])
  expect(assumptions).toEqual(['guard only', 'bypass accepted: the trigger was never met (lookup timeout ×0)'])
})

test('lists assumed answers that the replay did not list itself', () => {
  const run = makeRun(GREEN, { evidence: makeEvidence('stub') })
  expect(judge(run, { required: 'stub' })).toMatchObject({
    verdict: 'fixed',
    assumptions: ['1 stub answer: supplied by the scenario'],
  })
  expect(judge({ ...run, assumptions: ['stub of GET /price'] }, { required: 'stub' }).assumptions).toHaveLength(1)
})

test('says how far the proof reaches given a divergence after the trigger', () => {
  const graded = (id: string, grade: EvidenceGrade) => ({ id, evidence: { grade, source: id } })
  const spans = ['c1', 'c2', 'c3'].map((id) => makeTimeout({ span_id: id, interactions: [id] }))
  const run = makeRun(RED, {
    trace: makeTrace({ spans }),
    interactions: [graded('c1', 'exact'), graded('c2', 'exact'), graded('c3', 'stale')],
    evidence: makeEvidence('stale'),
    divergences: [makeDivergence({ step: 3, interaction: 'c3' })],
  })
  const { verdict, reasons } = judge(run)
  expect(verdict).toBe('inconclusive')
  expect(reasons.map(({ code }) => code)).toEqual(['diverged', 'worthless_evidence', 'proof_reaches'])
  expect(reasons.at(-1)?.data).toEqual({ good_steps: 2, settled: ['trigger'], open: ['cause', 'symptom'] })
  expect(reasons.at(-1)?.message).toBe('good evidence up to step 2; trigger met by then; still open: cause, symptom')
  const early = judge({ ...run, divergences: [makeDivergence({ step: 1 })] })
  expect(early.reasons.at(-1)?.message).toContain('the very first answer')
  expect(early.reasons.at(-1)?.data).toEqual({ good_steps: 0, settled: [], open: ['trigger', 'cause', 'symptom'] })
})

test('does not settle the trigger by a span that a weak answer had a part in', () => {
  const evidence = { grade: 'exact' as const, source: 'c1' }
  const spans = [makeTimeout({ interactions: ['c1', 'c2'] }), makeTimeout({ interactions: ['c1', 'c2'] })]
  const interactions = [{ id: 'c1', evidence }, { id: 'c2' }]
  const run = makeRun(RED, { trace: makeTrace({ spans }), interactions })
  expect(judge(run).reasons.at(-1)).toMatchObject({ code: 'proof_reaches', data: { good_steps: 1, settled: [] } })
})

test('says that all answers were good, or that none is known, given a run that is weak for another reason', () => {
  const evidence = { grade: 'exact' as const, source: 'c1' }
  const spoiled = (interactions: TrialRun['interactions']) =>
    judge(makeRun(RED, { egress: [EGRESS], interactions })).reasons.at(-1)?.message
  expect(spoiled([{ id: 'c1', evidence }])).toContain('1 answer of good evidence')
  expect(spoiled([])).toContain('no step is known')
  expect(spoiled(undefined)).toContain('no step is known')
  expect(judge({ ...makeRun(RED), outcome: 'timeout', trace: null }).reasons.at(-1)?.data).toMatchObject({
    settled: [],
  })
})

test('is inconclusive given a run that left only a trace or only signals', () => {
  for (const missing of [{ trace: null }, { signals: null }]) {
    const run = makeRun(RED, { outcome: 'timeout', ...missing })
    expect(judge(run)).toMatchObject({ verdict: 'inconclusive', findings: null })
    expect(judgeBaseline({ run, incident: INCIDENT, required: 'exact' })).toMatchObject({
      verdict: 'inconclusive',
      findings: null,
    })
    const baseline = { verdict: 'reproduced' as const, run: makeRun(RED, missing) }
    expect(judge(makeRun(GREEN), { baseline })).toMatchObject({ verdict: 'error', reasons: [{ code: 'judge_failed' }] })
  }
})

test('says how many requests were answered given a gap in the coverage', () => {
  const run = makeRun(GREEN, { evidence: { ...makeEvidence('exact'), coverage: 0.756 } })
  expect(judge(run).reasons[0]?.message).toBe('only 75 % of the requests were answered by evidence')
})

test('says what broke given a failure', () => {
  const { reasons } = judge(makeRun(RED, { outcome: 'harness_error', failure: 'worker died' }))
  expect(reasons).toEqual([{ code: 'harness_error', message: 'the harness broke: worker died' }])
  expect(judge(makeRun(RED, { outcome: 'crashed' })).reasons[0]?.message).toBe("the agent's process died")
  const stuck = makeRun(RED, { outcome: 'deadlock', failure: 'it waits for c3' })
  expect(judge(stuck).reasons[0]?.message).toBe('the run waits and nothing can happen any more: it waits for c3')
  expect(judge(makeRun(RED, { outcome: 'timeout' })).reasons[0]?.message).toMatch(/steps$/)
  const thrown = judge(makeRun(RED, { agent_error: { ...THROWN, code: 'E_X' } })).reasons
  expect(thrown).toMatchObject([{ code: 'agent_threw', data: { name: 'TypeError', code: 'E_X' } }])
  expect(judge(makeRun(RED, { agent_error: THROWN })).reasons[0]?.data).toEqual(THROWN)
})

test('does not settle the trigger by a span that was read off no interaction', () => {
  const spans = [makeTimeout({ interactions: [] }), makeTimeout({ interactions: [] })]
  const run = makeRun(RED, { trace: makeTrace({ spans }), interactions: [{ id: 'c1' }], egress: [EGRESS] })
  expect(judge(run).reasons.at(-1)?.data).toMatchObject({ settled: [] })
})

test('reproduces on an unsealed recording, with a remark', () => {
  const { verdict, reasons } = judgeBaseline({
    run: makeRun(RED, { integrity: 'unsealed' }),
    incident: INCIDENT,
    required: 'exact',
  })
  expect([verdict, reasons.at(-1)?.code]).toEqual(['reproduced', 'unsealed_recording'])
})

test('names the absent role first given a baseline that is not red', () => {
  const run = makeRun({ trigger: true, cause: false, symptom: true })
  const { verdict, reasons } = judgeBaseline({ run, incident: INCIDENT, required: 'exact' })
  expect([verdict, reasons[0]?.code]).toEqual(['not_reproduced', 'cause_absent'])
})

test('takes a throw as part of the incident given that the whole incident is there', () => {
  const judgeThrow = (run: TrialRun) => judgeBaseline({ run, incident: INCIDENT, required: 'exact' }).verdict
  expect(judgeThrow(makeRun(RED, { agent_error: THROWN }))).toBe('reproduced')
  expect(judgeThrow(makeRun(GREEN, { agent_error: THROWN }))).toBe('error')
})

test('keeps the code and the hint given a role that cannot be evaluated', () => {
  const incident = { ...INCIDENT, trigger: { ...INCIDENT.trigger, result: { matches: '(' } } }
  const { reasons } = judgeBaseline({ run: makeRun(RED), incident, required: 'exact' })
  expect(reasons).toMatchObject([{ code: 'judge_failed', data: { code: 'ERR_VERIFY_PATTERN' } }])
  const broken = { ...makeRun(RED), evidence: undefined } as unknown as TrialRun
  expect(judgeBaseline({ run: broken, incident: INCIDENT, required: 'exact' }).reasons).toMatchObject([
    { code: 'judge_failed', data: { code: null } },
  ])
})

test('compares with the signals of the baseline given steps beyond the tolerance', () => {
  const run = makeRun(GREEN, { signals: makeSignals({ steps: 7 }) })
  expect(judge(run).reasons[0]).toMatchObject({ code: 'more_steps', data: { before: 4, after: 7, limit: 6 } })
  const slow = makeRun(GREEN, { signals: makeSignals({ run_latency_ms: 1234.5678 }) })
  expect(judge(slow).reasons[0]).toMatchObject({
    message: 'run latency 100 ms → 1.23 s, at most 1.10 s tolerated',
    data: { after: 1234.5678 },
  })
})
