import type { EgressAttempt } from '../model/verdict.ts'
import { installChanceTap } from './doors/chance-tap.ts'
import { patchGlobalDispatcher } from './doors/dispatcher-door.ts'
import { installFetchDoor } from './doors/fetch-door.ts'
import { installHttpDoor } from './doors/http-door.ts'
import { installHttpTap } from './doors/http-tap.ts'
import { installUndiciHook } from './doors/undici-hook.ts'
import { type GuardOptions, installGuard } from './guard/install-guard.ts'
import { installFakeTimers } from './world/fake-timers.ts'
import { IdleTracker } from './world/idle-tracker.ts'
import { VirtualClock } from './world/virtual-clock.ts'

/**
 * Arms the doors that watch real traffic: undici's dispatchers (under `fetch` and every npm `undici`) and `node:http`.
 * Idempotent; traffic outside of a run passes untouched.
 */
export function armObserving(): void {
  installUndiciHook()
  // Somebody may have set another dispatcher since.
  patchGlobalDispatcher()
  installHttpTap()
  installFetchDoor()
  installChanceTap()
}

/** The world around a replayed agent: its clock, and what knows when nothing can happen any more. */
export interface ReplayWorld {
  clock: VirtualClock
  idle: IdleTracker
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
  options: GuardOptions = {},
): ReplayWorld {
  installGuard(report, options)
  installHttpDoor()
  installUndiciHook()
  const idle = new IdleTracker()
  idle.start()
  const clock = new VirtualClock(epoch)
  installFakeTimers(clock)
  installFetchDoor()
  return { clock, idle }
}
