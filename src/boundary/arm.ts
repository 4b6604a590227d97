import { doNothing } from '../core/nothing.ts'
import type { EgressAttempt, SetTimer } from '../model/verdict.ts'
import { installChanceTap } from './doors/chance-tap.ts'
import { patchGlobalDispatcher } from './doors/dispatcher-door.ts'
import { installFetchDoor } from './doors/fetch-door.ts'
import { installHttpDoor } from './doors/http-door.ts'
import { installHttpTap } from './doors/http-tap.ts'
import { installHttp2Door } from './doors/http2-door.ts'
import { installHttp2Tap } from './doors/http2-tap.ts'
import { installUndiciHook } from './doors/undici-hook.ts'
import { type GuardOptions, installGuard } from './guard/install-guard.ts'
import { installStdioTap } from './stdio/stdio-tap.ts'
import { placeOf, placeOfNativeTimer } from './world/call-site.ts'
import { installFakeTimers } from './world/fake-timers.ts'
import { IdleTracker } from './world/idle-tracker.ts'
import { RealClock } from './world/real-clock.ts'
import { putTimeoutsOnClock } from './world/socket-timeouts.ts'
import { VirtualClock } from './world/virtual-clock.ts'
import { watchEnvironment } from './world/watch-environment.ts'
import type { DriveEnd, DriveOptions, WorldClock } from './world/world-clock.ts'

const nativeImmediate = setImmediate

/** After so many turns of the loop in which nothing happens but immediates that set each other, code is taken to go on for ever. */
const MOST_TURNS = 20_000

/**
 * Arms the doors that watch real traffic: undici's dispatchers (under `fetch` and every npm `undici`), `node:http` and `node:http2`.
 * Idempotent; traffic outside of a run passes untouched.
 */
export function armObserving(): void {
  installUndiciHook()
  // Somebody may have set another dispatcher since.
  patchGlobalDispatcher()
  installHttpTap()
  installHttp2Tap()
  installFetchDoor()
  installChanceTap()
  installStdioTap()
}

/** Whether a replay has a time of its own, or runs on the machine's. */
export type ClockMode = 'virtual' | 'real'

export interface ReplayWorldOptions extends GuardOptions {
  /** @default virtual */
  clock?: ClockMode | undefined
}

/** The world around a replayed agent: its clock, and what lets its time pass. */
export interface ReplayWorld {
  clock: WorldClock
  /**
   * Waits until nothing more can happen before time passes; false for code that goes on for ever. On the machine's clock
   * there is no such moment, and it does not wait.
   */
  rest(): Promise<boolean>
  /** Lets time pass until the run is over, or cannot go on. */
  drive(options: DriveOptions): Promise<DriveEnd>
  /** What timers the agent has set and may still be waiting for, as far as the clock knows. */
  listTimers(): SetTimer[]
  /** How many timers, answers and long runs of immediates have come so far; always 0 on the machine's clock. */
  countFired(): number
}

/**
 * Turns this process into the world of a replay, before any code of the agent is loaded: no way out, virtual time from
 * `epoch`, and every client answered by the tape. For good; one replay a process.
 *
 * The order matters: the guard lies under all doors, and clients capture `fetch` and timers when they are loaded.
 */
export function armServing(
  epoch: number,
  report: (attempt: EgressAttempt) => void,
  options: ReplayWorldOptions = {},
): ReplayWorld {
  const { clock = 'virtual', ...guard } = options
  installGuard(report, guard)
  if (guard.sources !== undefined) watchEnvironment(guard.sources)
  installHttpDoor()
  installUndiciHook()
  const world = clock === 'virtual' ? installVirtualTime(epoch, report) : useRealTime()
  installHttp2Door((prototype) => {
    if (world.clock instanceof VirtualClock) putTimeoutsOnClock(prototype, world.clock)
  })
  installFetchDoor()
  return world
}

function installVirtualTime(epoch: number, report: (attempt: EgressAttempt) => void): ReplayWorld {
  const idle = new IdleTracker()
  idle.onNativeTimer = (site) => {
    const at = placeOfNativeTimer(site)
    if (at !== null) report({ layer: 'timer', target: 'a timer of the machine, past the clock of the replay', at })
  }
  idle.start()
  const clock = new VirtualClock(epoch)
  installFakeTimers(clock)
  return {
    clock,
    rest: () => waitForRest(idle),
    drive: (options) => clock.drive(idle, options),
    listTimers: () => [...describeSpin(idle), ...clock.listTimers()],
    countFired: () => clock.fired,
  }
}

function waitForRest(idle: IdleTracker): Promise<boolean> {
  let turns = 0
  const isOver = (): boolean => turns > MOST_TURNS
  return new Promise((resolve) => {
    idle.onSpin = (more) => {
      turns += more
    }
    // From a callback of its own, so that nothing of this tick is left.
    nativeImmediate(() =>
      idle.whenIdle(isOver, () => {
        idle.onSpin = doNothing
        resolve(!isOver())
      }),
    )
  })
}

function describeSpin({ spinSite }: IdleTracker): SetTimer[] {
  if (spinSite === null) return []
  return [
    { what: 'immediates that follow each other without end, one set', at: placeOf(spinSite) ?? 'an unknown place' },
  ]
}

function useRealTime(): ReplayWorld {
  const clock = new RealClock()
  const rest = (): Promise<boolean> => Promise.resolve(true)
  return { clock, rest, drive: (options) => clock.drive(options), listTimers: () => [], countFired: () => 0 }
}
