import { expect, test } from 'vitest'
import { EVIDENCE_GRADES, WORTHLESS_GRADES } from '../../src/model/evidence.ts'
import type { CandidateReport, WorldsReport } from '../../src/model/verdict.ts'
import type { World } from '../../src/model/world.ts'
import { judgeWorld, type WorldInput } from '../../src/verify/judge-world.ts'
import { refuteByWorld } from '../../src/verify/refute-by-world.ts'
import type { TrialOutcome } from '../../src/verify/trial-run.ts'
import { EGRESS, GREEN, INCIDENT, makeDivergence, makeEvidence, makeRun, makeSignals, RED, THROWN } from './runs.ts'

const FAULT: World = { fault: { kind: 'reset', at: ['c1'] } }
const SERVED = { interactions: [{ id: 'c9', evidence: { grade: 'exact', source: 'c1' } }] } as const

function outcomeOf(run: Partial<ReturnType<typeof makeRun>>, more: Partial<WorldInput> = {}, roles = GREEN) {
  const { outcome, reasons } = judgeWorld({
    world: { latency: 2 },
    run: makeRun(roles, run),
    incident: INCIDENT,
    required: 'ignored',
    inOrder: true,
    ...more,
  })
  return [outcome, ...reasons.map(({ code }) => code)]
}

test('passes given good evidence, a trigger that is met, and neither cause nor symptom', () => {
  expect(outcomeOf({})).toEqual(['passed'])
})

test.each([
  [{ ...GREEN, cause: true }, ['failed', 'cause_present']],
  [{ ...GREEN, symptom: true }, ['failed', 'symptom_present']],
  [RED, ['failed', 'cause_present', 'symptom_present']],
  [{ trigger: false, cause: false, symptom: true }, ['failed', 'symptom_present']],
  [{ trigger: false, cause: false, symptom: false }, ['inconclusive', 'trigger_not_met']],
])('the roles decide given %j on good evidence', (roles, expected) => {
  expect(outcomeOf({}, {}, roles)).toEqual(expected)
})

test('fails given an expectation that breaks, and a limit of time is that of a slower network', () => {
  expect(outcomeOf({}, { expect: { tools_never: ['lookup'] } })).toEqual(['failed', 'expectation_broken'])
  const slow = { signals: makeSignals({ run_latency_ms: 180 }) }
  expect(outcomeOf(slow, { expect: { max_latency_ms: 100 } })).toEqual(['passed'])
  expect(outcomeOf(slow, { expect: { max_latency_ms: 100 }, world: { latency: 0.5 } })).toEqual([
    'failed',
    'expectation_broken',
  ])
  const late = { ...INCIDENT, cause: { signal: 'run_latency_ms', at_least: 100 } } as const
  expect(outcomeOf(slow, { incident: late })).toEqual(['passed'])
  expect(outcomeOf(slow, { incident: late, world: { seed: '1' } })).toEqual(['failed', 'cause_present'])
})

test('fails given an agent that throws, dies or hangs by itself, and proves nothing where the replay refused it something', () => {
  expect(outcomeOf({ agent_error: THROWN })).toEqual(['failed', 'agent_threw'])
  expect(outcomeOf({ outcome: 'crashed', trace: null, signals: null })).toEqual(['failed', 'agent_crashed'])
  expect(outcomeOf({ outcome: 'hung', trace: null, signals: null })).toEqual(['failed', 'agent_hung'])
  for (const outcome of ['finished', 'crashed', 'hung'] as const) {
    const refused = { outcome, agent_error: outcome === 'finished' ? THROWN : null, divergences: [makeDivergence()] }
    expect(outcomeOf(refused)[0]).toBe('inconclusive')
  }
})

test('neither passes nor fails given weak evidence of any kind, whatever the roles are', () => {
  const weak: Partial<ReturnType<typeof makeRun>>[] = [
    ...WORTHLESS_GRADES.map((grade) => ({ evidence: makeEvidence(grade) })),
    { evidence: makeEvidence(null) },
    { divergences: [makeDivergence()] },
    { egress: [EGRESS] },
    { lossy: ['c1 tool look_up'] },
    { sources: [{ name: 'file:notes.txt', at: null, settled: null }] },
    { integrity: 'torn' },
    ...(['diverged', 'timeout', 'deadlock', 'harness_error'] satisfies TrialOutcome[]).map((outcome) => ({ outcome })),
  ]
  for (const run of weak) {
    for (const roles of [GREEN, RED]) expect([run, outcomeOf(run, {}, roles)[0]]).toEqual([run, 'inconclusive'])
  }
  expect(weak.length).toBeGreaterThan(10)
  for (const grade of EVIDENCE_GRADES) {
    const [outcome] = outcomeOf({ evidence: makeEvidence(grade) }, { required: 'exact' })
    expect([grade, outcome]).toEqual([grade, grade === 'exact' ? 'passed' : 'inconclusive'])
  }
})

test('a fault is met where its answer was given, whatever class it has, given the world of a fault', () => {
  const untriggered = { ...GREEN, trigger: false }
  expect(outcomeOf({ ...SERVED }, { world: FAULT }, untriggered)).toEqual(['passed'])
  expect(outcomeOf({ interactions: [] }, { world: FAULT })).toEqual(['inconclusive', 'world_not_met'])
  expect(outcomeOf({ ...SERVED }, { world: FAULT }, { ...GREEN, symptom: true })).toEqual(['failed', 'symptom_present'])
})

test('an order that did not come about proves nothing, but a failure in it does', () => {
  const world = { order: ['c2', 'c1'] }
  expect(outcomeOf({}, { world, inOrder: false })).toEqual(['inconclusive', 'world_not_met'])
  expect(outcomeOf({}, { world, inOrder: false }, RED)[0]).toBe('failed')
})

test('a run that never meets the trigger passes given a scenario that accepts that', () => {
  expect(outcomeOf({}, { accept_bypass: true }, { ...GREEN, trigger: false })).toEqual(['passed'])
})

test('a role that cannot be evaluated proves nothing', () => {
  const incident = { ...INCIDENT, trigger: { ...INCIDENT.trigger, result: { matches: '(' } } }
  expect(outcomeOf({}, { incident })).toEqual(['inconclusive', 'judge_failed'])
})

const worlds = (failed: number): WorldsReport => {
  const one = { name: 'seed 7', world: { seed: '7' }, outcome: 'failed', reasons: [] } as const
  const counterexample = { ...one, reasons: [], file: 'w.json', recording: null, command: 'retrial replay' }
  const counts = { tried: 3, passed: 2 - failed, failed, inconclusive: 1, upper_bound: 0.5, confidence: 0.95 }
  return {
    ...counts,
    left_out: 0,
    orders: 0,
    skipped: [],
    list: [],
    counterexample: failed === 0 ? null : counterexample,
  }
}

test('one world that fails takes fixed away, and worlds that prove nothing do not', () => {
  const fixed = { verdict: 'fixed', expect: 'fixed', gate: 'pass', reasons: [] } as unknown as CandidateReport
  expect(refuteByWorld(fixed, worlds(0))).toMatchObject({ verdict: 'fixed', gate: 'pass', worlds: { inconclusive: 1 } })
  expect(refuteByWorld(fixed, worlds(1))).toMatchObject({
    verdict: 'not_fixed',
    gate: 'fail',
    reasons: [{ code: 'counterexample', data: { world: 'seed 7', command: 'retrial replay' } }],
  })
  // Even one that could not be kept.
  expect(refuteByWorld(fixed, { ...worlds(1), counterexample: null })).toMatchObject({ verdict: 'not_fixed' })
  expect(refuteByWorld({ ...fixed, expect: 'not_fixed' }, worlds(1))).toMatchObject({ gate: 'pass' })
})
