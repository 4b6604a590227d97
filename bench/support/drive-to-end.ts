import type { ReplayWorld } from '../../src/boundary/arm.ts'
import { doNothing } from '../../src/core/nothing.ts'

/** Runs work in virtual time, as a replay's process does. */
export async function driveToEnd(world: ReplayWorld | null, work: () => Promise<void>): Promise<void> {
  if (world === null) throw new Error('not armed')
  let done = false
  const working = work().finally(() => {
    done = true
  })
  working.catch(doNothing)
  const end = await world.drive({ isDone: () => done, limit: Number.POSITIVE_INFINITY })
  if (end !== 'done') throw new Error(`the replay ended in a ${end}`)
  await working
}
