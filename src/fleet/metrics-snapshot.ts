import { inSegment } from '../model/segment.ts'
import type { MetricsSnapshot, Segment } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import { isFailedRun } from './error-rate.ts'
import type { MetricDiff } from './metric-diff.ts'
import { releaseDiff } from './release-diff.ts'
import { runLatencyP95 } from './run-latency-p95.ts'
import { isSyntheticRun, syntheticRunStatus } from './synthetic-run-status.ts'

/** Objective for the latency of a run when none is given, ms. */
const SLO_LATENCY_MS = 2500

export interface MetricsSnapshotOptions {
  release: string
  previous_release: string
  /** @default 2500 */
  slo_latency_ms?: number | undefined
  /** Only runs of this workflow, model and tool; figures of tools are of that tool. Its release is ignored. */
  segment?: Segment | undefined
}

/**
 * The metrics of a release against the one before, computed from runs: what `hypothesise` and `debugRun` take.
 *
 * A delta is left out, which means unknown, when either release has fewer runs than its comparison needs (20, or 59 for
 * a 95th percentile): a difference between a few runs must not support a hypothesis. Synthetic runs give the
 * synthetic status alone. The health score is the share of runs that did not fail and met the latency objective.
 */
export function metricsSnapshot(all: readonly RunTrace[], options: MetricsSnapshotOptions): MetricsSnapshot {
  const { release, previous_release, slo_latency_ms = SLO_LATENCY_MS } = options
  const segment: Segment = { ...options.segment, release: undefined }
  const traces = all.filter((trace) => inSegment(trace, segment))
  const users = traces.filter((trace) => !isSyntheticRun(trace))
  const diff = releaseDiff(users, { from: previous_release, to: release }, segment)
  const delta = (name: string) => {
    const metric = diff.metrics.find(({ metric }) => metric === name)
    return metric !== undefined && metric.finding !== 'not_enough_runs' ? (metric.delta ?? undefined) : undefined
  }
  const isHealthy = (trace: RunTrace) => !isFailedRun(trace) && trace.latency_ms <= slo_latency_ms
  const errors = diff.metrics.find(({ metric }) => metric === 'error_rate') as MetricDiff
  const health = (of: string) => {
    const runs = users.filter((trace) => trace.context.release === of)
    return runs.filter(isHealthy).length / runs.length
  }
  const error_rate_delta = delta('error_rate')
  const snapshot: MetricsSnapshot = {
    run_latency_p95_ms: runLatencyP95(users, { release }).value ?? undefined,
    slo_latency_ms,
    release_error_rate_delta: error_rate_delta,
    error_rate_delta,
    run_latency_p95_delta_ms: delta('run_latency_p95_ms'),
    tool_latency_p95_delta_ms: delta('tool_latency_p95_ms'),
    tool_error_rate_delta: delta('tool_error_rate'),
    release_diff: errors.finding === 'not_enough_runs' ? undefined : diff.release_diff,
    synthetic_run_status: syntheticRunStatus(traces.filter((trace) => trace.context.release === release)).status,
    health_score_delta: errors.finding === 'not_enough_runs' ? undefined : health(release) - health(previous_release),
  }
  return Object.fromEntries(Object.entries(snapshot).filter(([, value]) => value !== undefined))
}
