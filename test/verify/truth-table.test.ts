import { expect, test } from 'vitest'
import { EVIDENCE_GRADES, type EvidenceGrade } from '../../src/model/evidence.ts'
import type { Integrity } from '../../src/model/recording.ts'
import type { BaselineVerdict, Verdict } from '../../src/model/verdict.ts'
import { judgeBaseline } from '../../src/verify/judge-baseline.ts'
import { judgeCandidate } from '../../src/verify/judge-candidate.ts'
import { lookUpVerdict } from '../../src/verify/look-up-verdict.ts'
import type { TrialOutcome } from '../../src/verify/trial-run.ts'
import { EGRESS, INCIDENT, makeDivergence, makeEvidence, makeRun, RED, THROWN, TOLERANCE } from './runs.ts'

const BOTH = [false, true] as const
const BASELINES: BaselineVerdict[] = ['reproduced', 'not_reproduced', 'inconclusive', 'error']
const OUTCOMES: TrialOutcome[] = [
  'finished',
  'diverged',
  'timeout',
  'deadlock',
  'crashed',
  'hung',
  'not_loaded',
  'harness_error',
]

interface Case {
  baseline: BaselineVerdict
  baselineThrew: boolean
  outcome: TrialOutcome
  finished: boolean
  threw: boolean
  grade: EvidenceGrade | null
  required: EvidenceGrade
  diverged: boolean
  egress: boolean
  lossy: boolean
  integrity: Integrity
  trigger: boolean
  cause: boolean
  symptom: boolean
  acceptBypass: boolean
  regressed: boolean
  stillBroken: boolean
}

const CLEAN: Case = {
  baseline: 'reproduced',
  baselineThrew: false,
  outcome: 'finished',
  finished: true,
  threw: false,
  grade: 'exact',
  required: 'exact',
  diverged: false,
  egress: false,
  lossy: false,
  integrity: 'sealed',
  trigger: true,
  cause: false,
  symptom: false,
  acceptBypass: false,
  regressed: false,
  stillBroken: false,
}

function* combine(choices: { [K in keyof Case]?: readonly Case[K][] }): Generator<Case> {
  const names = Object.keys(choices) as (keyof Case)[]
  const total = names.reduce((product, name) => product * (choices[name] as readonly unknown[]).length, 1)
  for (let index = 0; index < total; index++) {
    const made: Record<string, unknown> = { ...CLEAN }
    let rest = index
    for (const name of names) {
      const values = choices[name] as readonly unknown[]
      made[name] = values[rest % values.length]
      rest = Math.floor(rest / values.length)
    }
    yield made as unknown as Case
  }
}

function judge(given: Case): Verdict {
  const baseline = makeRun(RED, given.baselineThrew ? { agent_error: THROWN } : {})
  const candidate = makeRun(given, {
    outcome: given.outcome,
    agent_error: given.threw ? THROWN : null,
    evidence: makeEvidence(given.grade),
    divergences: given.diverged ? [makeDivergence()] : [],
    egress: given.egress ? [EGRESS] : [],
    lossy: given.lossy ? ['c1 $.value'] : [],
    integrity: given.integrity,
  })
  if (candidate.trace && !given.finished) candidate.trace.finished = false
  // The baseline's steps are 4 and the tolerance 2; its output does not hold the word either.
  if (candidate.signals && given.regressed) candidate.signals.steps = 7
  return judgeCandidate({
    baseline: { verdict: given.baseline, run: baseline },
    candidate,
    incident: INCIDENT,
    expect: given.stillBroken ? { output: { matches: 'refund' } } : {},
    required: given.required,
    tolerance: TOLERANCE,
    accept_bypass: given.acceptBypass,
  }).verdict
}

const RANK = ['exact', 'renamed', 'ignored', 'pooled', 'stub', 'live']

/** The table and what stands above it, written a second time and in another way: by what each verdict demands. */
function oracle(c: Case): Verdict {
  const explained = c.diverged || c.egress
  const goodGrade = c.grade !== null && RANK.includes(c.grade) && RANK.indexOf(c.grade) <= RANK.indexOf(c.required)
  const clean = !explained && !c.lossy && c.outcome === 'finished' && c.finished
  const goodRun = goodGrade && clean
  if (
    c.outcome === 'harness_error' ||
    c.outcome === 'not_loaded' ||
    ((c.outcome === 'crashed' || c.outcome === 'hung') && !explained)
  )
    return 'error'
  // A throw before anything was asked is the agent's own.
  if (c.threw && !c.baselineThrew && clean && (goodGrade || c.grade === null)) return 'error'
  if (c.baseline !== 'reproduced') return c.baseline
  if (!goodRun || c.integrity !== 'sealed') return 'inconclusive'
  const bad = c.symptom || c.stillBroken || c.threw
  const row = [c.trigger, c.cause, bad].map((present) => (present ? 'y' : 'n')).join('')
  const rows: Record<string, Verdict> = {
    ynn: c.regressed ? 'regressed' : 'fixed',
    yyn: 'masked',
    yny: 'refuted',
    yyy: 'not_fixed',
    nnn: c.acceptBypass ? (c.regressed ? 'regressed' : 'fixed') : 'bypassed',
    nyn: 'bypassed',
    nny: 'not_fixed',
    nyy: 'not_fixed',
  }
  return rows[row] as Verdict
}

function countMismatches(cases: Iterable<Case>): { count: number; fixed: number; wrong: unknown[] } {
  const wrong: unknown[] = []
  let count = 0
  let fixed = 0
  for (const given of cases) {
    count += 1
    const verdict = judge(given)
    if (verdict === 'fixed') fixed += 1
    if (verdict !== oracle(given)) wrong.push({ given, verdict, wanted: oracle(given) })
  }
  return { count, fixed, wrong: wrong.slice(0, 3) }
}

test('reads the table given each combination of roles', () => {
  const rows = BOTH.flatMap((trigger) =>
    BOTH.flatMap((cause) => BOTH.map((symptom) => ({ trigger, cause, symptom, verdict: '' }))),
  ).map((row) => ({ ...row, verdict: lookUpVerdict(row) }))
  expect(rows.map(({ trigger, cause, symptom, verdict }) => `${+trigger}${+cause}${+symptom} ${verdict}`)).toEqual([
    '000 bypassed',
    '001 not_fixed',
    '010 bypassed',
    '011 not_fixed',
    '100 fixed',
    '101 refuted',
    '110 masked',
    '111 not_fixed',
  ])
})

test('does not read fixed off the table given a role that is not known', () => {
  const unknown = undefined as unknown as boolean
  expect(lookUpVerdict({ trigger: true, cause: unknown, symptom: false })).not.toBe('fixed')
  expect(lookUpVerdict({ trigger: true, cause: false, symptom: unknown })).not.toBe('fixed')
  expect(lookUpVerdict({ trigger: unknown, cause: false, symptom: false })).not.toBe('fixed')
})

test('agrees with the oracle given every grade, required grade, role, option and baseline', () => {
  const result = countMismatches(
    combine({
      baseline: BASELINES,
      baselineThrew: BOTH,
      threw: BOTH,
      grade: [...EVIDENCE_GRADES, null],
      required: EVIDENCE_GRADES.slice(0, 6),
      trigger: BOTH,
      cause: BOTH,
      symptom: BOTH,
      acceptBypass: BOTH,
      regressed: BOTH,
      stillBroken: BOTH,
    }),
  )
  expect(result.wrong).toEqual([])
  expect(result.count).toBe(61_440)
  expect(result.fixed).toBeGreaterThan(0)
}, 120_000)

test('agrees with the oracle given every outcome and every defect of a run', () => {
  const result = countMismatches(
    combine({
      baseline: BASELINES,
      baselineThrew: BOTH,
      outcome: OUTCOMES,
      finished: BOTH,
      threw: BOTH,
      grade: ['exact', 'stub', 'stale', null],
      diverged: BOTH,
      egress: BOTH,
      lossy: BOTH,
      integrity: ['sealed', 'unsealed', 'torn'],
      trigger: BOTH,
      cause: BOTH,
      symptom: BOTH,
    }),
  )
  expect(result.wrong).toEqual([])
  expect(result.count).toBe(196_608)
  // Of all these, only the clean run with the cause gone and the trigger met, whether or not the baseline threw.
  expect(result.fixed).toBe(2)
}, 120_000)

test('never says fixed given a grade that is required to be worthless', () => {
  for (const grade of EVIDENCE_GRADES) {
    for (const required of ['stale', 'beyond', 'none'] as const) {
      const verdict = judge({ ...CLEAN, grade, required })
      expect([grade, verdict]).toEqual([grade, RANK.includes(grade) ? 'fixed' : 'inconclusive'])
    }
  }
})

test('judges a baseline as the oracle does given every combination', () => {
  const wrong: unknown[] = []
  for (const c of combine({
    outcome: OUTCOMES,
    finished: BOTH,
    threw: BOTH,
    grade: [...EVIDENCE_GRADES, null],
    required: ['exact', 'ignored', 'live'],
    diverged: BOTH,
    egress: BOTH,
    lossy: BOTH,
    integrity: ['sealed', 'torn'],
    trigger: BOTH,
    cause: BOTH,
    symptom: BOTH,
  })) {
    const run = makeRun(c, {
      outcome: c.outcome,
      agent_error: c.threw ? THROWN : null,
      evidence: makeEvidence(c.grade),
      divergences: c.diverged ? [makeDivergence()] : [],
      egress: c.egress ? [EGRESS] : [],
      lossy: c.lossy ? ['c1'] : [],
      integrity: c.integrity,
    })
    if (run.trace && !c.finished) run.trace.finished = false
    const { verdict } = judgeBaseline({ run, incident: INCIDENT, required: c.required })
    if (verdict !== baselineOracle(c)) wrong.push({ c, verdict })
  }
  expect(wrong.slice(0, 3)).toEqual([])
}, 120_000)

function baselineOracle(c: Case): BaselineVerdict {
  const explained = c.diverged || c.egress
  if (
    c.outcome === 'harness_error' ||
    c.outcome === 'not_loaded' ||
    ((c.outcome === 'crashed' || c.outcome === 'hung') && !explained)
  )
    return 'error'
  const goodGrade = c.grade !== null && RANK.includes(c.grade) && RANK.indexOf(c.grade) <= RANK.indexOf(c.required)
  const clean = !explained && !c.lossy && c.outcome === 'finished' && c.finished
  if (clean && c.threw && c.grade === null) return 'error'
  if (!goodGrade || !clean) return 'inconclusive'
  if (c.trigger && c.cause && c.symptom) return 'reproduced'
  return c.threw ? 'error' : 'not_reproduced'
}
