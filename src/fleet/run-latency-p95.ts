import { narrowToSegment } from '../model/segment.ts'
import type { Segment } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import { binomialProbability } from './binomial.ts'
import { type Figure, MINIMUM_RUNS_P95 } from './figure.ts'
import { quantileOfSorted } from './quantile.ts'

/**
 * The 95th percentile (type 7) of the latency of runs, ms, over the runs of a segment, with the one-sided 95 % upper
 * bound that order statistics give. Below 59 runs there is no such bound, and the note says so.
 */
export function runLatencyP95(traces: readonly RunTrace[], segment: Segment = {}): Figure {
  const latencies = traces.flatMap((trace) => {
    const own = narrowToSegment(trace, segment)
    return own === null ? [] : [own.latency_ms]
  })
  const sorted = Float64Array.from(latencies).sort()
  const upper = upperBoundIndex(sorted.length, 0.95, 0.95)
  return {
    value: quantileOfSorted(sorted, 0.95),
    unit: 'ms',
    n: sorted.length,
    interval: { lower: null, upper: upper === null ? null : (sorted[upper] as number) },
    note: upper === null ? noBoundNote(sorted.length) : null,
  }
}

/** The index of the order statistic that lies above the quantile with the given confidence; null when n is too small. */
export function upperBoundIndex(n: number, p: number, confidence: number): number | null {
  let atMost = 0
  for (let k = 0; k < n; k++) {
    atMost += binomialProbability(k, n, p)
    if (atMost >= confidence) return k
  }
  return null
}

function noBoundNote(n: number): string {
  if (n === 0) return 'no runs'
  return `${n} run${n === 1 ? '' : 's'}: below ${MINIMUM_RUNS_P95} there is no one-sided 95 % bound on a 95th percentile`
}
