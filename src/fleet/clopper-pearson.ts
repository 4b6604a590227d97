import { RetrialError } from '../core/errors.ts'
import { binomialAtMost } from './binomial.ts'

/** Bounds of a share, 0 to 1. */
export interface ShareInterval {
  lower: number
  upper: number
}

export interface ClopperPearsonOptions {
  /** Probability that the bounds hold. @default 0.95 */
  confidence?: number
  /** `both` bounds, or only one of them with the whole error probability on it. @default 'both' */
  sides?: 'both' | 'lower' | 'upper'
}

/**
 * The exact confidence interval of a share of which `successes` of `trials` independent trials were seen
 * (Clopper and Pearson 1934). Without a success the one-sided upper bound is 1 − α^(1/trials).
 *
 * @throws RetrialError `ERR_FLEET_COUNT` when the counts are not whole numbers with 0 ≤ successes ≤ trials.
 * @example
 * clopperPearson(0, 20, { sides: 'upper' }).upper // 0.139: 0 of 20 failed, so below 13.9 % at 95 %
 */
export function clopperPearson(successes: number, trials: number, options: ClopperPearsonOptions = {}): ShareInterval {
  requireCounts(successes, trials)
  const { confidence = 0.95, sides = 'both' } = options
  const alpha = sides === 'both' ? (1 - confidence) / 2 : 1 - confidence
  const withoutLower = sides === 'upper' || successes === 0
  const withoutUpper = sides === 'lower' || successes === trials
  return {
    lower: withoutLower ? 0 : 1 - shareAt(trials - successes, trials, alpha),
    upper: withoutUpper ? 1 : shareAt(successes, trials, alpha),
  }
}

/** The share at which at most k successes in n trials have just the probability alpha, by bisection to full precision. */
function shareAt(k: number, n: number, alpha: number): number {
  let low = 0
  let high = 1
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (binomialAtMost(k, n, middle) > alpha) low = middle
    else high = middle
  }
  return (low + high) / 2
}

function requireCounts(successes: number, trials: number): void {
  if (Number.isInteger(successes) && Number.isInteger(trials) && successes >= 0 && successes <= trials) return
  throw new RetrialError('ERR_FLEET_COUNT', `Failed to compute an interval: ${successes} of ${trials} is no count`, {
    hint: 'Pass whole numbers with 0 ≤ successes ≤ trials.',
  })
}
