/** A number about many runs, with what it takes to judge it. */
export interface Figure {
  /** Null when there is nothing to compute it from. */
  value: number | null
  unit: 'ms' | 'share'
  /** Runs that it is computed from. */
  n: number
  /** 95 % bounds; a side without a bound is null. */
  interval: { lower: number | null; upper: number | null }
  /** What to keep in mind when reading it; null when there is nothing. */
  note: string | null
}

/** Runs below which a difference between two releases is shown but not judged. */
export const MINIMUM_RUNS = 20

/** Runs below which there is no one-sided 95 % bound on a 95th percentile: the smallest n with 0.95^n ≤ 0.05. */
export const MINIMUM_RUNS_P95 = 59
