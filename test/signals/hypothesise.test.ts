import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MetricsSnapshot, Signals } from '../../src/model/signal.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { hypothesise, RULES } from '../../src/signals/hypothesise.ts'
import { span, trace } from './build-trace.ts'

const failed = span('s1', { error_class: 'timeout' })
const calm = computeSignals(trace({ spans: [span('s0')] }))

function codes(signals: Partial<Signals>, metrics: MetricsSnapshot = {}): string[] {
  return hypothesise({ signals: { ...calm, ...signals }, metrics }).map(({ code }) => code)
}

test('has no hypothesis given a run in which nothing stands out', () => {
  expect(codes({})).toEqual([])
  expect(hypothesise({ signals: calm })).toEqual([])
})

test('suspects the tool layer given the first error is a tool call, more so with a rising tool error rate', () => {
  expect(codes({ first_error_span: failed })).toEqual(['tool_layer_failure'])
  expect(codes({ first_error_span: failed }, { tool_error_rate_delta: 0.1 })).toEqual([
    'tool_layer_failure',
    'tool_layer_specific',
  ])
  expect(codes({ first_error_span: { ...failed, step_type: 'llm_generate' } }, { tool_error_rate_delta: 0.1 })).toEqual(
    [],
  )
  expect(codes({ first_error_span: failed }, { tool_error_rate_delta: 0 })).toEqual(['tool_layer_failure'])
})

test('suspects model or runtime only given slower runs and tools known to be stable', () => {
  expect(codes({}, { run_latency_p95_delta_ms: 1000, tool_latency_p95_delta_ms: 100 })).toEqual([
    'llm_or_runtime_latency',
  ])
  expect(codes({}, { run_latency_p95_delta_ms: 1000, tool_latency_p95_delta_ms: -400 })).toEqual([
    'llm_or_runtime_latency',
  ])
  expect(codes({}, { run_latency_p95_delta_ms: 1000, tool_latency_p95_delta_ms: 101 })).toEqual([])
  expect(codes({}, { run_latency_p95_delta_ms: 1000 })).toEqual([])
  expect(codes({}, { run_latency_p95_delta_ms: 0, tool_latency_p95_delta_ms: -1 })).toEqual([])
})

test('suspects a loop given repeats and an exhausted step budget', () => {
  const repeated_tool_calls = { search: 2 }

  expect(codes({ repeated_tool_calls, stop_reason: 'max_steps', first_error_span: failed })).toEqual([
    'tool_layer_failure',
    'repeated_tool_calls',
    'stuck_in_loop',
  ])
  expect(codes({ repeated_tool_calls, stop_reason: 'completed' })).toEqual(['repeated_tool_calls'])
  expect(codes({ repeated_tool_calls, stop_reason: 'max_steps' })).toContain('loop_without_error')
})

test('suspects the release given the metrics of an error rate that rose with it', () => {
  expect(codes({}, { release_error_rate_delta: 0.01 })).toEqual(['release_regression'])
  expect(codes({}, { error_rate_delta: 0.01, release_diff: 1 })).toEqual(['change_regression'])
  expect(codes({}, { error_rate_delta: 0.01, release_diff: 0 })).toEqual([])
  expect(codes({}, { error_rate_delta: 0.01 })).toEqual([])
})

test('says that a critical workflow is hit given a failing synthetic run and falling health', () => {
  expect(codes({}, { synthetic_run_status: 'fail', health_score_delta: -0.1 })).toEqual(['critical_workflow_hit'])
  expect(codes({}, { synthetic_run_status: 'fail', health_score_delta: 0 })).toEqual([])
  expect(codes({}, { synthetic_run_status: 'pass', health_score_delta: -0.1 })).toEqual([])
})

test('uses the default objective given metrics that name none', () => {
  expect(codes({}, { run_latency_p95_ms: 2500 })).toEqual([])
  expect(codes({ slowest_span: null }, { run_latency_p95_ms: 2501 })).toEqual([])
  expect(codes({ slowest_span: failed }, { run_latency_p95_ms: 2501 })).toEqual(['latency_above_slo'])
  expect(codes({ slowest_span: failed }, { run_latency_p95_ms: 2501, slo_latency_ms: 3000 })).toEqual([])
})

test('points at what one run shows given its own signals alone', () => {
  expect(codes({ stop_reason: 'timeout' })).toEqual(['abnormal_stop_without_error'])
  expect(codes({ stop_reason: 'max_turns', loop_length: 2 })).toEqual(['loop_without_error'])
  expect(codes({ stop_reason: 'my_own_word' })).toEqual([])
  expect(codes({ truncated_answers: 1 })).toEqual(['truncated_answer'])
  expect(codes({ malformed_tool_arguments: 1 })).toEqual(['malformed_tool_arguments'])
  expect(codes({ unknown_tools: 1 })).toEqual(['unknown_tool'])
  expect(codes({ retries: { a: 1, b: 1 } })).toEqual([])
  expect(codes({ retries: { a: 2 } })).toEqual(['retried_requests'])
  expect(codes({ context_growth: 29.9 })).toEqual([])
  expect(codes({ context_growth: 30 })).toEqual(['context_growth'])
  expect(codes({ error_cascade: { first: 's1', followed: 1 } })).toEqual(['error_cascade'])
})

test('gives JSON evidence and something to check with every hypothesis given any signals', () => {
  const signals = fc.record({
    first_error_span: fc.constantFrom(null, failed),
    stop_reason: fc.constantFrom('completed', 'max_steps', 'timeout'),
    repeated_tool_calls: fc.constantFrom<Record<string, number>>({}, { search: 2 }),
    retries: fc.constantFrom<Record<string, number>>({}, { search: 3 }),
    loop_length: fc.nat(2),
    truncated_answers: fc.nat(1),
    malformed_tool_arguments: fc.nat(1),
    unknown_tools: fc.nat(1),
    context_growth: fc.constantFrom(1, 40),
    error_cascade: fc.constantFrom({ first: null, followed: 0 }, { first: 's1', followed: 2 }),
  })
  const metrics = { run_latency_p95_ms: 9000, release_error_rate_delta: 1, error_rate_delta: 1, release_diff: 1 }
  fc.assert(
    fc.property(signals, (some) => {
      const hypotheses = hypothesise({ signals: { ...calm, ...some }, metrics })

      for (const { statement, evidence, checks } of hypotheses) {
        expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence)
        expect(statement).toMatch(/^[A-Z].*\.$/)
        expect(checks.length).toBeGreaterThan(0)
      }
      const order = RULES.map(({ code }) => code)
      const places = hypotheses.map(({ code }) => order.indexOf(code))
      expect(places).toEqual(places.toSorted((a, b) => a - b))
    }),
  )
})

test('has every signal and every rule with what it reads in docs/signals.md', () => {
  const page = readFileSync(new URL('../../docs/signals.md', import.meta.url), 'utf8')
  const row = (name: string) => page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`))

  for (const name of Object.keys(calm)) expect(row(name), name).toBeDefined()
  for (const { code, reads } of RULES) {
    for (const read of reads)
      expect(
        page
          .split('\n')
          .filter((line) => line.startsWith(`| \`${code}\` |`))
          .join(),
        code,
      ).toContain(`\`${read}\``)
  }
})
