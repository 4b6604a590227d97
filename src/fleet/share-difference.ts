/** How much larger one share is than another, and how sure that is. */
export interface ShareDifference {
  /** −1 to 1. */
  difference: number
  low: number
  high: number
}

/** Two-sided 95 %. */
const Z = 1.959_963_984_540_054

/**
 * The difference of two independent shares with its 95 % interval, from the score intervals of both: it keeps its level for few
 * trials and for shares of 0 and 1, where the usual one does not.
 *
 * Source: R. G. Newcombe, Statistics in Medicine 17 (1998) 873–890, method 10.
 *
 * @param a Successes and trials of the first, at least one trial each.
 */
export function shareDifference(
  a: { successes: number; trials: number },
  b: { successes: number; trials: number },
): ShareDifference {
  const [first, second] = [scoreInterval(a), scoreInterval(b)]
  const difference = first.share - second.share
  return {
    difference,
    low: Math.max(-1, difference - Math.hypot(first.share - first.low, second.high - second.share)),
    high: Math.min(1, difference + Math.hypot(first.high - first.share, second.share - second.low)),
  }
}

/** Wilson's interval of one share. */
function scoreInterval({ successes, trials }: { successes: number; trials: number }): {
  share: number
  low: number
  high: number
} {
  const share = successes / trials
  const square = Z ** 2
  const middle = 2 * successes + square
  const spread = Z * Math.sqrt(square + 4 * successes * (1 - share))
  const scale = 2 * (trials + square)
  return { share, low: (middle - spread) / scale, high: (middle + spread) / scale }
}
