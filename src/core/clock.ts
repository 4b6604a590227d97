/** Where a room gets its time from: the machine's clock in a recording, a virtual one in a replay. */
export interface Clock {
  /** Milliseconds since the epoch, possibly fractional. */
  now(): number
}

const machineNow = performance.now.bind(performance)
const origin = performance.timeOrigin

/** The machine's clock: monotonic within the process, to the microsecond; immune to a later fake of `Date` or `performance`. */
export const machineClock: Clock = { now: () => origin + machineNow() }

/** Rounds milliseconds to the microsecond, the precision that a recording keeps. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
