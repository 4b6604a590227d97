import type { Comparison, MetricDiff } from './metric-diff.ts'

/** Error probability of the primary metric. */
const ALPHA = 0.05
/** False discovery rate of all others. */
const RATE = 0.1
/** A latency must be worse by more than this share of the old one: smaller differences are seldom worth a look. */
const MARGIN = 0.1

/**
 * Which of several hypotheses tested at once are rejected at a false discovery rate (Benjamini and Hochberg 1995):
 * all up to the largest rank k whose p-value is at most rate × k / m.
 */
export function benjaminiHochberg(ps: readonly number[], rate: number): boolean[] {
  const sorted = ps.toSorted((a, b) => a - b)
  const last = sorted.findLastIndex((p, i) => p <= (rate * (i + 1)) / ps.length)
  return ps.map((p) => last >= 0 && p <= (sorted[last] as number))
}

/** Says of each comparison whether it is worse: the first by itself, the others together. */
export function judge(comparisons: readonly Comparison[]): MetricDiff[] {
  const informing = comparisons.slice(1).filter(({ p }) => p !== null)
  const found = benjaminiHochberg(
    informing.map(({ p }) => p as number),
    RATE,
  )
  const rejected = new Set(informing.filter((_, i) => found[i]))
  return comparisons.map((comparison, i) => {
    if (comparison.p === null) return { ...comparison, finding: 'not_enough_runs' }
    const significant = i === 0 ? comparison.p <= ALPHA : rejected.has(comparison)
    return { ...comparison, finding: significant && isBeyondMargin(comparison) ? 'worse' : 'not_shown' }
  })
}

function isBeyondMargin({ unit, old, delta }: Comparison): boolean {
  return (delta ?? 0) > (unit === 'ms' ? (old ?? 0) * MARGIN : 0)
}
