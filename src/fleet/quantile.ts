/**
 * The quantile of some numbers by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996, the
 * default of R, NumPy and most metrics stores); null without numbers.
 *
 * @param p 0 to 1.
 */
export function quantile(values: readonly number[], p: number): number | null {
  return quantileOfSorted(Float64Array.from(values).sort(), p)
}

/** The same for numbers that are already sorted. */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number | null {
  if (sorted.length === 0) return null
  const position = (sorted.length - 1) * p
  const below = Math.floor(position)
  const low = sorted[below] as number
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number
  return low === high ? low : low + (high - low) * (position - below)
}
