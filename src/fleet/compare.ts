import { inSegment, narrowToSegment } from '../model/segment.ts'
import type { Segment } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import { boschlooExact } from './boschloo-exact.ts'
import { MINIMUM_RUNS, MINIMUM_RUNS_P95 } from './figure.ts'
import { fisherExact } from './fisher-exact.ts'
import type { Comparison, MetricDiff } from './metric-diff.ts'
import { permutationTest } from './permutation-test.ts'
import { quantile } from './quantile.ts'
import { errorShare, toolCallsOf } from './tool-figures.ts'

/** Runs of two releases, and the segment of them that is looked at. */
export interface Sides {
  older: readonly RunTrace[]
  newer: readonly RunTrace[]
  segment: Segment
}

/** Runs in all above which Fisher's test is as good as Boschloo's and much cheaper. */
const LARGE = 200

export function compareErrorRate(sides: Sides, isFailed: (trace: RunTrace) => boolean): Comparison {
  const [older, newer] = [sides.older, sides.newer].map((runs) => {
    const own = runs.filter((trace) => inSegment(trace, sides.segment))
    return { failed: own.filter(isFailed).length, n: own.length }
  }) as [{ failed: number; n: number }, { failed: number; n: number }]
  const small = older.n + newer.n <= LARGE
  const table = [newer.failed, newer.n - newer.failed, older.failed, older.n - older.failed] as const
  return {
    metric: 'error_rate',
    unit: 'share',
    ...difference(older.n === 0 ? null : older.failed / older.n, newer.n === 0 ? null : newer.failed / newer.n),
    n_old: older.n,
    n_new: newer.n,
    minimum_n: MINIMUM_RUNS,
    test: small ? 'boschloo' : 'fisher',
    p:
      Math.min(older.n, newer.n) < MINIMUM_RUNS
        ? null
        : small
          ? boschlooExact(...table)
          : fisherExact(...table, 'greater'),
  }
}

export function compareRunLatency(sides: Sides): Comparison {
  const [older, newer] = perRun(sides, (trace) => trace.latency_ms)
  return compareBy('run_latency_p95_ms', 'ms', MINIMUM_RUNS_P95, older, newer, (runs) => quantile(runs, 0.95), ratio)
}

export function compareToolErrorRate(sides: Sides): Comparison {
  const [older, newer] = [sides.older, sides.newer].map((runs) =>
    toolCallsOf(runs, sides.segment).map(({ calls, errors }) => ({ calls, errors })),
  ) as [{ calls: number; errors: number }[], { calls: number; errors: number }[]]
  return compareBy('tool_error_rate', 'share', MINIMUM_RUNS, older, newer, errorShare, gap)
}

export function compareToolLatency(sides: Sides): Comparison {
  const [older, newer] = [sides.older, sides.newer].map((runs) =>
    toolCallsOf(runs, sides.segment).map(({ latencies }) => latencies),
  ) as [number[][], number[][]]
  const p95 = (runs: readonly number[][]) => quantile(runs.flat(), 0.95)
  return compareBy('tool_latency_p95_ms', 'ms', MINIMUM_RUNS_P95, older, newer, p95, ratio)
}

export function compareMeans(sides: Sides, counts: (trace: RunTrace) => Record<string, number>): Comparison[] {
  const [older, newer] = perRun(sides, counts)
  const names = new Set([...older, ...newer].flatMap((run) => Object.keys(run)))
  return [...names].map((name) => {
    const of = (runs: readonly Record<string, number>[]) => runs.map((run) => run[name] ?? 0)
    return compareBy(name, 'per run', MINIMUM_RUNS, of(older), of(newer), mean, gap)
  })
}

function perRun<T>(sides: Sides, of: (trace: RunTrace) => T): [T[], T[]] {
  const take = (runs: readonly RunTrace[]) =>
    runs.flatMap((trace) => {
      const own = narrowToSegment(trace, sides.segment)
      return own === null ? [] : [of(own)]
    })
  return [take(sides.older), take(sides.newer)]
}

/** Compares a figure of two sides by permuting runs; `distance` says how much worse new is than old. */
function compareBy<T extends Parameters<typeof permutationTest>[0][number]>(
  metric: string,
  unit: MetricDiff['unit'],
  minimum_n: number,
  older: readonly T[],
  newer: readonly T[],
  figure: (runs: readonly T[]) => number | null,
  distance: (older: number, newer: number) => number,
): Comparison {
  const enough = Math.min(older.length, newer.length) >= minimum_n
  const statistic = (a: readonly T[], b: readonly T[]) => distance(figure(a) ?? 0, figure(b) ?? 0)
  return {
    metric,
    unit,
    ...difference(figure(older), figure(newer)),
    n_old: older.length,
    n_new: newer.length,
    minimum_n,
    test: 'permutation',
    p: enough ? permutationTest(older, newer, statistic) : null,
  }
}

function difference(older: number | null, newer: number | null): Pick<MetricDiff, 'old' | 'new' | 'delta'> {
  return { old: older, new: newer, delta: older === null || newer === null ? null : newer - older }
}

const gap = (older: number, newer: number) => newer - older

/** How many times slower; latencies spread multiplicatively. */
const ratio = (older: number, newer: number) => (older === newer ? 1 : newer / older)

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
