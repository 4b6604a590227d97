import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { type DebugReport, debugRun } from '../../src/signals/debug-run.ts'
import { hypothesise } from '../../src/signals/hypothesise.ts'
import { call, span, trace } from './build-trace.ts'

type Loose = Record<string, unknown>

/** The contract once more, as naively as it can be said; codes only for the hypotheses. */
function oracle(run: string, spans: Loose[], events: Loose[], metrics: Loose | null) {
  const mine: Loose[] = []
  for (const s of spans) if (s.run_id === run) mine.push(s)
  const start = (s: Loose) => (s.started_at_ms == null ? 0 : (s.started_at_ms as number))
  const latency = (s: Loose) => (s.latency_ms == null ? 0 : (s.latency_ms as number))
  for (let i = 1; i < mine.length; i++) {
    for (let j = i; j > 0 && start(mine[j - 1] as Loose) > start(mine[j] as Loose); j--) {
      const swap = mine[j] as Loose
      mine[j] = mine[j - 1] as Loose
      mine[j - 1] = swap
    }
  }
  let first: Loose | null = null
  for (let i = mine.length - 1; i >= 0; i--) if (mine[i]?.status === 'error') first = mine[i] as Loose
  let slowest: Loose | null = null
  for (let i = mine.length - 1; i >= 0; i--) {
    if (slowest === null || latency(mine[i] as Loose) >= latency(slowest)) slowest = mine[i] as Loose
  }
  let stop: unknown = 'unknown'
  const earlier: [unknown, unknown][] = []
  const repeats: [string, number][] = []
  for (const e of events) {
    if (e.run_id !== run) continue
    if (e.event === 'run_finished') stop = 'stop_reason' in e ? e.stop_reason : 'unknown'
    if (e.event !== 'tool_call') continue
    const pair: [unknown, unknown] = [
      e.tool === undefined ? null : e.tool,
      e.args_hash === undefined ? null : e.args_hash,
    ]
    if (earlier.some(([t, a]) => t === pair[0] && a === pair[1])) {
      const entry = repeats.find(([t]) => t === String(pair[0]))
      if (entry) entry[1]++
      else repeats.push([String(pair[0]), 1])
    }
    earlier.push(pair)
  }
  const m = metrics ?? {}
  const codes: string[] = []
  if (first !== null && first.step_type === 'tool_call') codes.push('tool_layer_failure')
  if (repeats.length > 0) codes.push('repeated_tool_calls')
  if (slowest !== null && ((m.run_latency_p95_ms ?? 0) as number) > ((m.slo_latency_ms ?? 2500) as number)) {
    codes.push('latency_above_slo')
  }
  if (((m.release_error_rate_delta ?? 0) as number) > 0) codes.push('release_regression')
  return { first, slowest, stop, repeats, codes }
}

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const runId = fc.constantFrom('run_1', 'run_1', 'run_2', '', '__proto__')
const tool = fc.constantFrom('search', 'fetch', '__proto__', 'constructor', 'toString', 'null')
const someSpan = fc.record(
  {
    run_id: maybe(runId),
    step_type: maybe(fc.constantFrom('tool_call', 'llm_generate', 'reasoning')),
    status: maybe(fc.constantFrom('ok', 'error')),
    started_at_ms: maybe(fc.integer({ min: -2, max: 3 })),
    latency_ms: maybe(fc.integer({ min: -2, max: 3 })),
    name: maybe(fc.string()),
    span_id: maybe(fc.string()),
  },
  { requiredKeys: [] },
)
const someEvent = fc.record(
  {
    run_id: maybe(runId),
    event: maybe(fc.constantFrom('tool_call', 'tool_call', 'tool_result', 'run_finished')),
    tool: maybe(tool),
    args_hash: maybe(fc.constantFrom('a', 'b')),
    stop_reason: maybe(fc.constantFrom('completed', 'max_steps', '')),
  },
  { requiredKeys: [] },
)
const someMetrics = fc.option(
  fc.record(
    {
      run_latency_p95_ms: maybe(fc.constantFrom(0, 100, 2500, 2501, 9000)),
      slo_latency_ms: maybe(fc.constantFrom(0, 100, 2500, 9000)),
      release_error_rate_delta: maybe(fc.constantFrom(-0.1, 0, 0.1)),
    },
    { requiredKeys: [] },
  ),
  { nil: null },
)

test('agrees with a naive oracle given any spans, log events and metrics', () => {
  const spans = fc.array(someSpan, { maxLength: 12 })
  const events = fc.array(someEvent, { maxLength: 16 })
  fc.assert(
    fc.property(runId, spans, events, someMetrics, (run, spans, events, metrics) => {
      const before = JSON.stringify([spans, events, metrics])
      const report = debugRun(run, spans, events, metrics as JsonObject | null)
      const expected = oracle(run, spans, events, metrics)

      expect(Object.keys(report)).toEqual([
        'run_id',
        'first_error_span',
        'slowest_span',
        'stop_reason',
        'repeated_tool_calls',
        'hypotheses',
      ])
      expect(report.run_id).toBe(run)
      expect(report.first_error_span).toBe(expected.first)
      expect(report.slowest_span).toBe(expected.slowest)
      expect(report.stop_reason).toBe(expected.stop)
      expect(Object.entries(report.repeated_tool_calls).sort()).toEqual(expected.repeats.sort())
      expect(report.hypotheses.map(({ code }) => code)).toEqual(expected.codes)
      for (const hypothesis of report.hypotheses) {
        expect(Object.keys(hypothesis)).toEqual(['code', 'statement', 'evidence'])
      }
      expect(JSON.stringify([spans, events, metrics])).toBe(before)
    }),
    { numRuns: 500 },
  )
})

test('passes over what is no object given a list with scalars and nulls', () => {
  const spans = [null, 3, 'run_1', [], { run_id: 'run_1', status: 'error', step_type: 'tool_call' }]

  const report = debugRun('run_1', spans, [null, { run_id: 'run_1', event: 'run_finished', stop_reason: 'max_steps' }])

  expect(report.first_error_span).toBe(spans[4])
  expect(report.stop_reason).toBe('max_steps')
  expect(report.hypotheses.map(({ code }) => code)).toEqual(['tool_layer_failure'])
})

test('gives the empty report given a run that does not occur', () => {
  expect(debugRun('run_2', [{ run_id: 'run_1' }], [], { run_latency_p95_ms: 9000 })).toEqual({
    run_id: 'run_2',
    first_error_span: null,
    slowest_span: null,
    stop_reason: 'unknown',
    repeated_tool_calls: {},
    hypotheses: [],
  } satisfies DebugReport)
})

test('keeps a tool named __proto__ through JSON given a repeat of it', () => {
  const events = [call('__proto__', 'a'), call('__proto__', 'a'), call('__proto__', 'a')]

  expect(JSON.stringify(debugRun('run_1', [], events).repeated_tool_calls)).toBe('{"__proto__":2}')
})

test('draws the same article hypotheses as the signals do given the same run', () => {
  const runs = fc.record({
    errors: fc.array(fc.constantFrom('timeout', null), { maxLength: 5 }),
    args: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 5 }),
    metrics: fc.record({
      run_latency_p95_ms: fc.constantFrom(undefined, 2500, 2501),
      release_error_rate_delta: fc.constantFrom(undefined, 0, 0.2),
    }),
  })
  fc.assert(
    fc.property(runs, ({ errors, args, metrics }) => {
      const run = trace({
        spans: errors.map((error_class, i) => span(`s${i}`, { error_class, at: i })),
        events: args.map((hash) => call('search', hash)),
      })
      const plain = debugRun('run_1', run.spans, run.events, metrics)
      const drawn = hypothesise({ signals: computeSignals(run), metrics })
      const article = drawn.filter(({ code }) => plain.hypotheses.some((other) => other.code === code))

      expect(drawn.slice(0, plain.hypotheses.length)).toEqual(article)
      expect(article.map(({ evidence }) => evidence)).toEqual(plain.hypotheses.map(({ evidence }) => evidence))
      expect(article).toHaveLength(plain.hypotheses.length)
    }),
  )
})
