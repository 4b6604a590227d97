/** The value below which a share `q` of the values lies, between neighbours where it falls between them. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** How one series stands to another that was measured in the same rounds. */
export interface Comparison {
  /** Median of the ratios of each round. */
  ratio: number
  /** Tenth and ninetieth percentile of those ratios. */
  spread: [low: number, high: number]
  /** The least disturbed absolute value: tenth percentile, in the unit of the series. */
  p10: number
}

/** Compares round by round, so that a machine that slows down in between slows both. */
export function compare(values: readonly number[], baseline: readonly number[]): Comparison {
  const ratios = values.map((value, round) => value / (baseline[round] ?? Number.NaN))
  return {
    ratio: median(ratios),
    spread: [quantile(ratios, 0.1), quantile(ratios, 0.9)],
    p10: quantile(values, 0.1),
  }
}
