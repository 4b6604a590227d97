import { binomialProbability } from './binomial.ts'
import { fisherExact } from './fisher-exact.ts'

const GRID = 400
const TIE = 1 + 1e-7

/**
 * Boschloo's test (1970) of whether the first group has the higher share: Fisher's one-sided p-value as the statistic,
 * maximised over the unknown common share. At least as powerful as Fisher's test everywhere, which matters below some
 * 200 runs. The work grows with the product of the group sizes.
 *
 * @param a First group, with the property; `b` first group, without; `c` and `d` the same of the second group.
 * @throws RetrialError `ERR_FLEET_COUNT` when a count is no whole number or negative.
 */
export function boschlooExact(a: number, b: number, c: number, d: number): number {
  const seen = fisherExact(a, b, c, d, 'greater')
  const [first, second] = [a + b, c + d]
  const reach = extremeTables(first, second, seen)
  const probability = (share: number) => {
    const atMost = cumulative(second, share)
    let p = 0
    reach.forEach((most, x) => {
      if (most >= 0) p += binomialProbability(x, first, share) * (atMost[most] as number)
    })
    return p
  }
  let best = 0
  let share = 0
  for (let i = 1; i < GRID; i++) {
    const p = probability(i / GRID)
    if (p > best) [best, share] = [p, i / GRID]
  }
  return Math.min(1, Math.max(best, climb(probability, share - 1 / GRID, share + 1 / GRID)))
}

/** For each count x of the first group, the largest count of the second at which the table is as extreme as the one seen; −1 for none. */
function extremeTables(first: number, second: number, seen: number): number[] {
  const reach: number[] = []
  let most = -1
  for (let x = 0; x <= first; x++) {
    // A higher x never makes a table less extreme, so the search goes on where it stopped.
    while (most < second && fisherExact(x, first - x, most + 1, second - most - 1, 'greater') <= seen * TIE) most++
    reach.push(most)
  }
  return reach
}

function cumulative(n: number, share: number): number[] {
  let sum = 0
  return Array.from({ length: n + 1 }, (_, k) => {
    sum += binomialProbability(k, n, share)
    return sum
  })
}

/** The maximum of a function with one peak between two points, by golden section. */
function climb(of: (x: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2
  let [low, high] = [Math.max(0, from), Math.min(1, to)]
  for (let i = 0; i < 40; i++) {
    const left = high - ratio * (high - low)
    const right = low + ratio * (high - low)
    if (of(left) < of(right)) low = left
    else high = right
  }
  return of((low + high) / 2)
}
