import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type BaselineVerdict,
  type CandidateReport,
  type GateResult,
  type ScenarioReport,
  VERDICTS,
  type Verdict,
} from '../../src/model/verdict.ts'
import { exitCodeOf } from '../../src/verify/exit-code-of.ts'
import { gateOf } from '../../src/verify/gate-of.ts'
import { makeEvidence } from './runs.ts'

function makeCandidate(
  verdict: Verdict,
  expected: Verdict = 'fixed',
  overrides: Partial<CandidateReport> = {},
): CandidateReport {
  return {
    id: 'candidate',
    agent: './agent.ts#run',
    verdict,
    expect: expected,
    gate: gateOf(verdict, expected),
    evidence: makeEvidence('exact'),
    assumptions: [],
    findings: null,
    signals: null,
    divergences: [],
    egress: [],
    sources: [],
    reasons: [],
    recording: null,
    isolation: ['guard'],
    ...overrides,
  }
}

function makeScenario(candidates: CandidateReport[], baseline: BaselineVerdict = 'reproduced'): ScenarioReport {
  return {
    id: 'scenario',
    title: '',
    file: 'scenario.yaml',
    seed: 'run_1',
    seeded: false,
    baseline: {
      verdict: baseline,
      agent: './agent.ts#run',
      evidence: makeEvidence('exact'),
      findings: null,
      signals: null,
      reasons: [],
      recording: null,
      isolation: ['guard'],
    },
    candidates,
    duration_ms: 1,
  }
}

test('passes a gate only given the verdict that is expected', () => {
  for (const verdict of VERDICTS) {
    for (const expected of VERDICTS) {
      const open = verdict === 'inconclusive' || verdict === 'not_reproduced'
      expect(gateOf(verdict, expected)).toBe(verdict === expected ? 'pass' : open ? 'inconclusive' : 'fail')
    }
    expect(gateOf(verdict) === 'pass').toBe(verdict === 'fixed')
  }
})

test.each<[string, ScenarioReport[], number]>([
  ['a fixed candidate', [makeScenario([makeCandidate('fixed')])], 0],
  ['an expected failure beside it', [makeScenario([makeCandidate('fixed'), makeCandidate('masked', 'masked')])], 0],
  ['no scenario', [], 3],
  ['a scenario without candidates', [makeScenario([])], 3],
  ['a scenario without candidates beside a good one', [makeScenario([makeCandidate('fixed')]), makeScenario([])], 3],
  ['a candidate that is not fixed', [makeScenario([makeCandidate('fixed'), makeCandidate('not_fixed')])], 1],
  ['a fix where another verdict is expected', [makeScenario([makeCandidate('fixed', 'masked')])], 1],
  ['an inconclusive candidate', [makeScenario([makeCandidate('fixed'), makeCandidate('inconclusive')])], 3],
  ['a failing and an inconclusive one', [makeScenario([makeCandidate('refuted'), makeCandidate('inconclusive')])], 1],
  ['a broken candidate', [makeScenario([makeCandidate('fixed'), makeCandidate('error')])], 4],
  ['a broken and an inconclusive one', [makeScenario([makeCandidate('error'), makeCandidate('inconclusive')])], 4],
  ['a failing and a broken one', [makeScenario([makeCandidate('error'), makeCandidate('masked')])], 1],
  ['a broken baseline', [makeScenario([makeCandidate('error')], 'error')], 4],
  ['a broken baseline without candidates', [makeScenario([], 'error')], 4],
  ['a baseline that is not red', [makeScenario([makeCandidate('not_reproduced')], 'not_reproduced')], 3],
  [
    'an expected baseline that is not red',
    [makeScenario([makeCandidate('not_reproduced', 'not_reproduced')], 'not_reproduced')],
    0,
  ],
  ['a fix on a baseline that is not red', [makeScenario([makeCandidate('fixed')], 'not_reproduced')], 3],
  ['a fix on an inconclusive baseline', [makeScenario([makeCandidate('fixed')], 'inconclusive')], 3],
  ['a fix on a broken baseline', [makeScenario([makeCandidate('fixed')], 'error')], 4],
  [
    'an expected throw',
    [makeScenario([makeCandidate('error', 'error', { reasons: [{ code: 'agent_threw', message: '' }] })])],
    0,
  ],
  [
    'a broken harness where an error is expected',
    [makeScenario([makeCandidate('error', 'error', { reasons: [{ code: 'harness_error', message: '' }] })])],
    4,
  ],
  [
    'a failed judgement where an error is expected',
    [makeScenario([makeCandidate('error', 'error', { reasons: [{ code: 'judge_failed', message: '' }] })])],
    4,
  ],
  [
    'a gate that says pass against its verdict',
    [makeScenario([makeCandidate('masked', 'fixed', { gate: 'pass' })])],
    1,
  ],
  ['a gate that says fail against its verdict', [makeScenario([makeCandidate('fixed', 'fixed', { gate: 'fail' })])], 1],
  [
    'a failed judgement among other reasons where an error is expected',
    [
      makeScenario([
        makeCandidate('error', 'error', {
          reasons: [
            { code: 'agent_threw', message: '' },
            { code: 'judge_failed', message: '' },
          ],
        }),
      ]),
    ],
    4,
  ],
  [
    'a baseline that is not red beside a red one',
    [makeScenario([makeCandidate('fixed')]), makeScenario([makeCandidate('fixed')], 'not_reproduced')],
    3,
  ],
  [
    'a baseline that is not red and one candidate that expects it',
    [
      makeScenario(
        [makeCandidate('not_reproduced', 'not_reproduced'), makeCandidate('fixed', 'fixed')],
        'not_reproduced',
      ),
    ],
    3,
  ],
  [
    'a gate that says inconclusive against its verdict',
    [makeScenario([makeCandidate('fixed', 'fixed', { gate: 'inconclusive' })])],
    3,
  ],
])('sets the exit code given %s', (_, reports, code) => {
  expect(exitCodeOf(reports)).toBe(code)
})

const anyReports = fc.array(
  fc
    .record({
      baseline: fc.constantFrom<BaselineVerdict>('reproduced', 'not_reproduced', 'inconclusive', 'error'),
      candidates: fc.array(
        fc
          .record({
            verdict: fc.constantFrom(...VERDICTS),
            expected: fc.constantFrom(...VERDICTS),
            gate: fc.constantFrom<GateResult>('pass', 'fail', 'inconclusive'),
          })
          .map(({ verdict, expected, gate }) => makeCandidate(verdict, expected, { gate })),
        { maxLength: 4 },
      ),
    })
    .map(({ baseline, candidates }) => makeScenario(candidates, baseline)),
  { maxLength: 4 },
)

test('exits with 0 only given that everything ran and passed', () => {
  fc.assert(
    fc.property(anyReports, (reports) => {
      if (exitCodeOf(reports) !== 0) return
      expect(reports.length).toBeGreaterThan(0)
      for (const { baseline, candidates } of reports) {
        expect(baseline.verdict).not.toBe('error')
        expect(candidates.length).toBeGreaterThan(0)
        for (const candidate of candidates) {
          expect([candidate.gate, candidate.verdict]).toEqual(['pass', candidate.expect])
        }
      }
    }),
    { numRuns: 2000 },
  )
})

test('is never lowered to 0, nor from a failure, given one more scenario', () => {
  fc.assert(
    fc.property(anyReports, anyReports, (some, more) => {
      const before = exitCodeOf(some)
      const after = exitCodeOf([...some, ...more])
      if (before !== 0 && some.length > 0) expect(after).not.toBe(0)
      if (before === 1) expect(after).toBe(1)
    }),
    { numRuns: 2000 },
  )
})
