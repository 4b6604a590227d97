import { machineClock } from '../../core/clock.ts'
import type { DriveEnd, DriveOptions, WorldClock } from './world-clock.ts'

// Taken before any agent can replace them.
const { setTimeout, setInterval, clearInterval } = globalThis

/** How often a run is looked at for whether it is over, ms. */
const LOOK_EVERY_MS = 2

/** The machine's own time, counted from when the replay began: answers take as long as they took when they were recorded. */
export class RealClock implements WorldClock {
  readonly #began = machineClock.now()

  get offset(): number {
    return machineClock.now() - this.#began
  }

  now(): number {
    return machineClock.now()
  }

  schedule(callback: () => void, delay: number): void {
    // The machine's timers know whole milliseconds, and an answer must not come before its time.
    setTimeout(callback, Math.max(0, Math.ceil(delay)))
  }

  /** Waits until the run is over, or the process has nothing more to do. */
  drive({ isDone, limit }: DriveOptions): Promise<DriveEnd> {
    return new Promise((resolve) => {
      const end = (how: DriveEnd): void => {
        clearInterval(look)
        process.off('beforeExit', onEmpty)
        resolve(how)
      }
      const onEmpty = (): void => end(isDone() ? 'done' : 'deadlock')
      const look = setInterval(() => {
        if (isDone()) end('done')
        else if (this.offset > limit) end('limit')
      }, LOOK_EVERY_MS)
      look.unref()
      process.on('beforeExit', onEmpty)
    })
  }
}
