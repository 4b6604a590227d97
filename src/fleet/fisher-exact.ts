import { RetrialError } from '../core/errors.ts'
import { logChoose } from './binomial.ts'

/** Which deviation counts: a higher share in the first group, a lower one, or either. */
export type Alternative = 'greater' | 'less' | 'two-sided'

/** Tables as likely as the one seen count as such in spite of rounding. */
const TIE = 1 + 1e-7

/**
 * Fisher's exact test of a two-by-two table: the probability, if both groups have the same share, of a table at least
 * as extreme as this one. Two-sided: the sum over all tables that are no more likely than the one seen.
 *
 * @param a First group, with the property; `b` first group, without; `c` and `d` the same of the second group.
 * @throws RetrialError `ERR_FLEET_COUNT` when a count is no whole number or negative.
 */
export function fisherExact(
  a: number,
  b: number,
  c: number,
  d: number,
  alternative: Alternative = 'two-sided',
): number {
  if (![a, b, c, d].every((count) => Number.isInteger(count) && count >= 0)) {
    throw new RetrialError('ERR_FLEET_COUNT', `Failed to test a table: ${[a, b, c, d].join(', ')} are no counts`, {
      hint: 'Pass whole numbers that are not negative.',
    })
  }
  const [first, second, successes] = [a + b, c + d, a + c]
  const total = logChoose(first + second, successes)
  const probability = (x: number) => Math.exp(logChoose(first, x) + logChoose(second, successes - x) - total)
  const seen = probability(a)
  let p = 0
  for (let x = Math.max(0, successes - second); x <= Math.min(first, successes); x++) {
    const extreme = alternative === 'greater' ? x >= a : alternative === 'less' ? x <= a : probability(x) <= seen * TIE
    if (extreme) p += probability(x)
  }
  return Math.min(1, p)
}
