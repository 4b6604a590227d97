import type { Child } from './child.ts'
import type { Batch, Job } from './protocol.ts'

/** One series of a comparison. */
export interface Arm {
  id: string
  child: Child
  job: Omit<Job, 'passes'>
}

/** Wall time a batch should take, ms: long enough for the clock, short enough for many rounds. */
const BATCH_MS = 25
const MAX_PASSES = 1_000

/** How long a series runs before it is measured, and how much at a time. */
export interface Pace {
  rounds: number
  /** How long each arm runs before it is measured, ms: a compiler that is still at work flatters nobody alike. */
  warmUpMs: number
  /** Passes in one batch; as many as take 25 ms without it. */
  passes?: number
}

/**
 * Runs every arm once a round, in another order each round, so that whatever disturbs the machine disturbs all alike.
 *
 * @returns The batches of each arm, by round.
 */
export async function interleave(
  arms: readonly Arm[],
  { rounds, warmUpMs, passes: fixed }: Pace,
): Promise<Map<string, Batch[]>> {
  const batches = new Map(arms.map(({ id }): [string, Batch[]] => [id, []]))
  const passes = new Map<string, number>()
  for (const { id, child, job } of arms) {
    // Sets up, which may take as long as a whole warm-up and says nothing of a pass.
    await child.run({ ...job, passes: 1 })
    passes.set(id, fixed ?? 1)
    for (let warm_ms = 0; warm_ms < warmUpMs; ) {
      const { whole_ms } = await child.run({ ...job, passes: passes.get(id) ?? 1 })
      warm_ms += whole_ms
      const perPass = whole_ms / (passes.get(id) ?? 1)
      passes.set(id, fixed ?? Math.max(1, Math.min(MAX_PASSES, Math.round(BATCH_MS / perPass))))
    }
  }
  for (let round = 0; round < rounds; round++) {
    const first = round % arms.length
    for (const { id, child, job } of [...arms.slice(first), ...arms.slice(0, first)]) {
      batches.get(id)?.push(await child.run({ ...job, passes: passes.get(id) ?? 1 }))
    }
  }
  return batches
}

/** Wall time of one call in each round, µs. */
export function callMicros(batches: readonly Batch[] = []): number[] {
  return batches.map(({ calls, calls_ms }) => (calls_ms / calls) * 1_000)
}

/** Wall time of one call with its share of set-up and end, µs. */
export function wholeMicros(batches: readonly Batch[] = []): number[] {
  return batches.map(({ calls, whole_ms }) => (whole_ms / calls) * 1_000)
}

/** Wall time of a run of so many calls in each round, with set-up and end, µs. */
export function runMicros(batches: readonly Batch[] = [], calls: number): number[] {
  return wholeMicros(batches).map((micros) => micros * calls)
}

/** CPU time of one call in each round, µs. */
export function cpuMicros(batches: readonly Batch[] = []): number[] {
  return batches.map(({ calls, cpu_ms }) => (cpu_ms / calls) * 1_000)
}
