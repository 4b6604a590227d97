import { expect, test } from 'vitest'
import { errorRate, isFailedRun } from '../../src/fleet/error-rate.ts'
import { metricsSnapshot } from '../../src/fleet/metrics-snapshot.ts'
import { releaseDiff } from '../../src/fleet/release-diff.ts'
import { runLatencyP95 } from '../../src/fleet/run-latency-p95.ts'
import { syntheticRunStatus } from '../../src/fleet/synthetic-run-status.ts'
import { toolErrorRate, toolLatencyP95 } from '../../src/fleet/tool-figures.ts'
import type { RunTrace } from '../../src/model/trace.ts'
import { span, trace } from '../signals/build-trace.ts'

const RELEASES = { from: 'v1', to: 'v2' }

/** Runs of a release: every k-th fails; latencies spread around a middle. */
function runs(
  release: string,
  n: number,
  fields: { failEvery?: number; ms?: number; toolMs?: number } = {},
): RunTrace[] {
  const { failEvery = 0, ms = 1000, toolMs = 100 } = fields
  return Array.from({ length: n }, (_, i) => {
    const fails = failEvery > 0 && i % failEvery === 0
    const spread = 1 + ((i * 7) % 10) / 100
    return trace({
      context: { run_id: `${release}-${i}`, release, workflow: i % 2 === 0 ? 'refund' : 'search' },
      stop_reason: fails ? 'tool_error' : 'completed',
      latency_ms: ms * spread,
      spans: [span('t', { latency_ms: toolMs * spread, error_class: fails ? 'timeout' : null })],
    })
  })
}

function metric(diff: ReturnType<typeof releaseDiff>, name: string) {
  return diff.metrics.find(({ metric }) => metric === name)
}

test('counts a run as failed by its end, and by an error only when the end says nothing', () => {
  const broken = [span('t', { error_class: 'timeout' })]

  expect(isFailedRun(trace())).toBe(false)
  expect(isFailedRun(trace({ spans: broken }))).toBe(false)
  expect(isFailedRun(trace({ stop_reason: 'my_word' }))).toBe(false)
  expect(isFailedRun(trace({ stop_reason: 'my_word', spans: broken }))).toBe(true)
  expect(isFailedRun(trace({ stop_reason: 'max_steps' }))).toBe(true)
  expect(isFailedRun(trace({ finished: false }))).toBe(true)
})

test('gives value, runs and bounds given a segment', () => {
  const all = [...runs('v1', 60), ...runs('v2', 20, { failEvery: 5, ms: 3000 })]

  expect(runLatencyP95(all, { release: 'v1' })).toMatchObject({
    value: 1090,
    n: 60,
    interval: { upper: 1090 },
    note: null,
  })
  expect(runLatencyP95(all, { release: 'v2', workflow: 'refund' })).toMatchObject({ n: 10, interval: { upper: null } })
  expect(runLatencyP95(all, { release: 'v2' }).note).toContain('59')
  expect(errorRate(all, { release: 'v2' })).toMatchObject({ value: 0.2, n: 20 })
  expect(errorRate(all, { release: 'v2' }).interval.lower).toBeCloseTo(0.0573, 4)
  expect(toolErrorRate(all, { release: 'v2' })).toMatchObject({ value: 0.2, n: 20 })
  expect(toolLatencyP95(all, { tool: 'search' })).toMatchObject({ n: 80 })
})

test('has no value given no runs', () => {
  for (const figure of [runLatencyP95([]), errorRate([]), toolErrorRate([]), toolLatencyP95([])]) {
    expect(figure).toMatchObject({ value: null, n: 0, interval: { lower: null, upper: null } })
    expect(figure.note).not.toBeNull()
  }
})

test('finds the metrics that got worse given enough runs', () => {
  const diff = releaseDiff([...runs('v1', 60), ...runs('v2', 60, { failEvery: 4, ms: 1500 })], RELEASES)

  expect(metric(diff, 'error_rate')).toMatchObject({
    old: 0,
    new: 0.25,
    delta: 0.25,
    n_old: 60,
    n_new: 60,
    finding: 'worse',
  })
  expect(metric(diff, 'error_rate')?.test).toBe('boschloo')
  expect(metric(diff, 'run_latency_p95_ms')).toMatchObject({ finding: 'worse', p: 0.0005, test: 'permutation' })
  expect(metric(diff, 'tool_error_rate')).toMatchObject({ finding: 'worse' })
  expect(metric(diff, 'tool_latency_p95_ms')).toMatchObject({ delta: 0, finding: 'not_shown' })
  expect(metric(diff, 'error_spans')).toMatchObject({ unit: 'per run', finding: 'worse' })
  expect(diff.release_diff).toBe(4)
})

test('shows numbers without a judgement given fewer runs than a metric needs', () => {
  const diff = releaseDiff([...runs('v1', 19), ...runs('v2', 58, { failEvery: 1, ms: 9000 })], RELEASES)

  for (const { finding, p } of diff.metrics) expect([finding, p]).toEqual(['not_enough_runs', null])
  expect(metric(diff, 'error_rate')).toMatchObject({ old: 0, new: 1, delta: 1, n_old: 19, n_new: 58, minimum_n: 20 })
  expect(diff.release_diff).toBe(0)

  const more = releaseDiff([...runs('v1', 20), ...runs('v2', 58, { failEvery: 1, ms: 9000 })], RELEASES)
  expect(metric(more, 'error_rate')?.finding).toBe('worse')
  expect(metric(more, 'run_latency_p95_ms')).toMatchObject({ finding: 'not_enough_runs', minimum_n: 59 })
})

test('does not call an improvement or a small slow-down worse', () => {
  const better = releaseDiff([...runs('v1', 60, { failEvery: 4, ms: 1500 }), ...runs('v2', 60)], RELEASES)
  expect(better.release_diff).toBe(0)

  const slightly = releaseDiff([...runs('v1', 60), ...runs('v2', 60, { ms: 1095 })], RELEASES)
  expect(metric(slightly, 'run_latency_p95_ms')).toMatchObject({ finding: 'not_shown', p: 0.0005 })
})

test('uses Fisher’s test given more than 200 runs', () => {
  const diff = releaseDiff([...runs('v1', 150), ...runs('v2', 150, { failEvery: 10 })], RELEASES)

  expect(metric(diff, 'error_rate')).toMatchObject({ test: 'fisher', finding: 'worse' })
})

test('compares the runs of a segment only, and the counts that are asked for', () => {
  const all = [...runs('v1', 60), ...runs('v2', 60)]
  const counts = (run: RunTrace) => ({ repeats: run.context.release === 'v2' ? 3 : 0 })
  const diff = releaseDiff(all, RELEASES, { workflow: 'refund', release: 'v9' }, { counts })

  expect(metric(diff, 'error_rate')).toMatchObject({ n_old: 30, n_new: 30 })
  expect(metric(diff, 'repeats')).toMatchObject({ old: 0, new: 3, finding: 'worse' })
  expect(metric(diff, 'tokens')).toBeUndefined()
  expect(diff.segment).toEqual({ workflow: 'refund', release: 'v2' })
})

test('gives the same result given the same runs twice', () => {
  const all = [...runs('v1', 60), ...runs('v2', 60, { ms: 1020, failEvery: 9 })]

  expect(releaseDiff(all, RELEASES)).toEqual(releaseDiff(all, RELEASES))
})

test('looks at the newest synthetic run of each workflow', () => {
  const probe = (workflow: string, started_at: number, stop_reason: string) =>
    trace({
      context: { run_id: `${workflow}@${started_at}`, workflow: `synthetic-${workflow}`, started_at },
      stop_reason,
    })
  const marked = trace({ spans: [span('s', { attributes: { 'user_agent.synthetic.type': 'test' } })] })

  expect(syntheticRunStatus([trace({ stop_reason: 'error' })])).toEqual({ status: undefined, n: 0, failed: [] })
  expect(syntheticRunStatus([marked])).toEqual({ status: 'pass', n: 1, failed: [] })
  expect(syntheticRunStatus([probe('a', 2, 'completed'), probe('a', 1, 'error')]).status).toBe('pass')
  expect(syntheticRunStatus([probe('a', 1, 'completed'), probe('a', 2, 'error'), probe('b', 1, 'completed')])).toEqual({
    status: 'fail',
    n: 2,
    failed: ['a@2'],
  })
})

test('leaves out what is not known given few runs, and has it given many', () => {
  const options = { release: 'v2', previous_release: 'v1' }

  expect(metricsSnapshot([...runs('v1', 5), ...runs('v2', 5, { failEvery: 1 })], options)).toEqual({
    run_latency_p95_ms: expect.any(Number),
    slo_latency_ms: 2500,
  })
  expect(metricsSnapshot([], options)).toEqual({ slo_latency_ms: 2500 })

  const probe = trace({ context: { release: 'v2', workflow: 'synthetic-refund' }, stop_reason: 'error' })
  const many = [...runs('v1', 60), ...runs('v2', 60, { failEvery: 4, ms: 1500 }), probe]
  expect(metricsSnapshot(many, { ...options, slo_latency_ms: 1400 })).toEqual({
    run_latency_p95_ms: expect.closeTo(1635, 6),
    slo_latency_ms: 1400,
    release_error_rate_delta: 0.25,
    error_rate_delta: 0.25,
    run_latency_p95_delta_ms: expect.closeTo(545, 6),
    tool_latency_p95_delta_ms: 0,
    tool_error_rate_delta: 0.25,
    release_diff: 4,
    synthetic_run_status: 'fail',
    health_score_delta: -1,
  })
})

test('takes the metrics of one workflow and one tool given a segment', () => {
  const options = { release: 'v2', previous_release: 'v1', slo_latency_ms: 1400 }
  const of = (release: string, tool: string, ms: number, failEvery = 0) =>
    runs(release, 120, { ms, failEvery }).map((run) => ({
      ...run,
      spans: run.spans.map((one) => ({ ...one, name: tool })),
    }))
  const search = [...of('v1', 'search', 1000), ...of('v2', 'search', 1000)]
  const fetch = [...of('v1', 'fetch', 1000), ...of('v2', 'fetch', 2000, 3)]
  const both = [...search, ...fetch]

  expect(metricsSnapshot(both, { ...options, segment: { tool: 'search' } })).toEqual(metricsSnapshot(search, options))
  expect(metricsSnapshot(both, { ...options, segment: { tool: 'fetch' } })).toEqual(metricsSnapshot(fetch, options))
  const refund = both.filter(({ context }) => context.workflow === 'refund')
  expect(metricsSnapshot(both, { ...options, segment: { workflow: 'refund', release: 'v1' } })).toEqual(
    metricsSnapshot(refund, options),
  )
  expect(metricsSnapshot(both, { ...options, segment: { model: 'none' } })).toEqual({ slo_latency_ms: 1400 })
})
