import { hashJson } from '../core/hash.ts'
import type { JsonValue } from '../core/json.ts'
import { createRandom } from '../core/random.ts'

/** Random re-assignments of runs to the two sides; p-values are multiples of 1 / (this + 1). */
const PERMUTATIONS = 1999

/**
 * One-sided permutation test: the probability, if it made no difference which side a run is on, of a statistic at
 * least as large as the one seen. What is re-assigned are whole runs, because the calls within a run depend on each other.
 *
 * The re-assignments are drawn from a generator seeded by the hash of the inputs: equal inputs give equal p-values.
 *
 * @param older Runs of the old side, each as the statistic wants it.
 * @param newer Runs of the new side.
 * @param statistic Larger means that the new side is worse.
 */
export function permutationTest<T extends JsonValue>(
  older: readonly T[],
  newer: readonly T[],
  statistic: (older: readonly T[], newer: readonly T[]) => number,
): number {
  const random = createRandom(hashJson([[...older], [...newer]]))
  const pool = [...newer, ...older]
  const seen = statistic(older, newer)
  // Sums in another order differ in the last bits; such a tie counts as a tie.
  const bar = Number.isFinite(seen) ? seen - Math.abs(seen) * 1e-12 : seen
  let atLeast = 1
  for (let round = 0; round < PERMUTATIONS; round++) {
    for (let i = 0; i < newer.length; i++) {
      const j = i + Math.floor((random() / 2 ** 32) * (pool.length - i))
      const drawn = pool[j] as T
      pool[j] = pool[i] as T
      pool[i] = drawn
    }
    if (statistic(pool.slice(newer.length), pool.slice(0, newer.length)) >= bar) atLeast++
  }
  return atLeast / (PERMUTATIONS + 1)
}
