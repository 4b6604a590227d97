import type { Clock } from '../../core/clock.ts'

/** The clock on which recorded answers are given again. */
export interface WorldClock extends Clock {
  /** Time since the replay began, ms. */
  readonly offset: number
  /** Calls back, in no certain async context, once `delay` ms have passed. */
  schedule(callback: () => void, delay: number): void
}

/** `done`: the run is over. `deadlock`: it is not, and nothing can happen any more. `limit`: virtual time is used up. */
export type DriveEnd = 'done' | 'deadlock' | 'limit'

export interface DriveOptions {
  isDone(): boolean
  /** Offset that virtual time may not pass, ms. */
  limit: number
  /**
   * Whether something of the world's keeps the run alive, such as a call that is open. Without it, a run that has only
   * unref'd timers left has come to its end, as a process would.
   * @default always
   */
  isHeld?(): boolean
}
