import { EventEmitter } from 'node:events'
import type { ReplayWorld } from '../boundary/arm.ts'
import type { DriveEnd } from '../boundary/world/world-clock.ts'
import type { SetTimer } from '../model/verdict.ts'
import type { ReplayTape } from './replay-tape.ts'

const nativeImmediate = setImmediate
const { emit, listenerCount } = EventEmitter.prototype

/** How long a process is watched after its run, ms: of virtual time, or of the machine's. */
const WATCHED_MS = { virtual: 86_400_000, real: 1_000 }

/** So many timers, answers and long runs of immediates may come in that time. */
const MOST_FIRED = 1_000

/** So often may `beforeExit` call up new work. */
const MOST_EXITS = 10

/** More than so many timers say nothing more. */
const MOST_LEFT = 20

/** They only end what is going on, and that nothing is. */
const ENDS_ONLY = /(AbortSignal\.timeout|socket\.setTimeout) of/

/**
 * Lets time pass once the agent has given its output, as its process would live on: first as one that ends when nothing keeps it
 * alive, `beforeExit` included, then as one of a service, in which unref’d timers fire as well. `isOver` ends it.
 *
 * @returns What still goes on when the process is no longer watched.
 */
export async function driveAfterEnd(
  world: ReplayWorld,
  tape: ReplayTape,
  clock: 'virtual' | 'real',
  isOver: () => boolean,
): Promise<SetTimer[]> {
  const limit = world.clock.offset + WATCHED_MS[clock]
  const fired = world.countFired()
  const isDone = (): boolean => isOver() || world.countFired() - fired >= MOST_FIRED
  const drive = async (isHeld: () => boolean): Promise<DriveEnd> => {
    for (;;) {
      const end = await world.drive({ isDone, limit, isHeld })
      if (end !== 'deadlock' || !tape.releaseSilence()) return end
    }
  }
  const asProcess = (): Promise<DriveEnd> => drive(() => tape.isWaiting)
  let end = await asProcess()
  for (let exits = 0; end === 'deadlock' && exits < MOST_EXITS; exits++) {
    const before = world.countFired()
    // On the machine's clock Node itself has told it.
    if (clock === 'virtual') await emitBeforeExit()
    if (clock === 'real' && !tape.isWaiting) break
    end = await asProcess()
    if (world.countFired() === before) break
  }
  if (end === 'deadlock' && clock === 'virtual') end = await drive(() => true)
  if (end === 'deadlock' || isOver()) return []
  if (clock === 'real') return [{ what: 'something that keeps its process alive', at: null }]
  return world
    .listTimers()
    .filter(({ what }) => !ENDS_ONLY.test(what))
    .slice(0, MOST_LEFT)
}

/** From a callback of its own: what a listener throws goes where Node would let it go. */
function emitBeforeExit(): Promise<void> {
  if (listenerCount.call(process, 'beforeExit') === 0) return Promise.resolve()
  return new Promise((resolve) => {
    nativeImmediate(() => {
      resolve()
      emit.call(process, 'beforeExit', process.exitCode ?? 0)
    })
  })
}
