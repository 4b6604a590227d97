import { expect, test } from 'vitest'
import { renderJson, toJsonReport } from '../../src/report/to-json-report.ts'
import { makeBaseline, makeCandidate, makeInconclusive, makeMasked, makeScenario } from './reports.ts'

test('has a summary, and a baseline and the candidates a scenario', () => {
  const reports = [makeScenario([makeCandidate(), makeMasked(), makeInconclusive()])]
  const report = toJsonReport('1.2.3', reports, { exit_code: 1, duration_ms: 412 })
  expect(report).toMatchObject({
    retrial: '1.2.3',
    summary: {
      exit_code: 1,
      isolation: 'guard + permission',
      duration_ms: 412,
      scenarios: 1,
      candidates: 3,
      assumptions: 1,
      verdicts: { fixed: 1, masked: 1, inconclusive: 1, refuted: 0, error: 0 },
      gates: { pass: 1, fail: 1, inconclusive: 1 },
    },
    scenarios: [
      {
        id: 'lookup-retry-storm',
        file: 'scenarios/lookup-retry-storm.yaml',
        title: expect.any(String),
        baseline: { verdict: 'reproduced', signals: { stop_reason: 'tool_error' }, evidence: { coverage: 1 } },
        candidates: [
          { id: 'fall-back', verdict: 'fixed', expect: 'fixed', gate: 'pass', assumptions: [], duration_ms: 8 },
          { id: 'swallow', gate: 'fail', signals: null, evidence: { coverage: 1, grades: { exact: 7 } } },
          { id: 'terser-prompt', gate: 'inconclusive', reasons: [{ code: 'diverged' }, { code: 'proof_reaches' }] },
        ],
      },
    ],
  })
})

test('shares nothing with the reports it is made of', () => {
  const reports = [makeScenario([makeCandidate()])]
  const before = JSON.stringify(toJsonReport('1', reports, { exit_code: 0 }))
  const report = toJsonReport('1', reports, { exit_code: 0 })
  reports[0]?.candidates.push(makeMasked())
  Object.assign(reports[0]?.baseline ?? {}, makeBaseline({ verdict: 'error' }))
  expect(JSON.stringify(report)).toBe(before)
})

test('writes figures that JSON cannot hold as null', () => {
  const report = toJsonReport('1', [makeScenario([], { duration_ms: Number.NaN })], { exit_code: 3 })
  expect(report).toMatchObject({ scenarios: [{ duration_ms: null, candidates: [] }] })
})

test('escapes what a terminal acts on, without changing the value', () => {
  const value = { text: '\u001b[31m \u202e \u{e0041} ##[error] a\nb' }
  const text = renderJson(value)
  expect(text).toBe('{\n  "text": "\\u001b[31m \\u202e \\udb40\\udc41 \\u0023#[error] a\\nb"\n}\n')
  expect(JSON.parse(text)).toEqual(value)
})
