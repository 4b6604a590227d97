/** One metric of two releases side by side. */
export interface MetricDiff {
  metric: string
  unit: 'ms' | 'share' | 'per run'
  old: number | null
  new: number | null
  /** New minus old; null when one side has no runs. */
  delta: number | null
  /** Runs on each side that the metric is computed from. */
  n_old: number
  n_new: number
  /** Runs that each side needs before the difference is judged. */
  minimum_n: number
  test: 'boschloo' | 'fisher' | 'permutation'
  /** One-sided: probability of a difference this bad by chance; null when there are not enough runs. */
  p: number | null
  finding: 'worse' | 'not_shown' | 'not_enough_runs'
}

/** A comparison that is not judged yet. */
export type Comparison = Omit<MetricDiff, 'finding'>
