import { installFetchDoor } from '../../src/boundary/doors/fetch-door.ts'
import type { WorldClock } from '../../src/boundary/world/world-clock.ts'
import { roundMs } from '../../src/core/clock.ts'
import { doNothing } from '../../src/core/nothing.ts'
import { asInteraction, MODEL_URL } from '../support/as-recording.ts'
import { ask } from '../support/ask.ts'
import type { Peer } from '../support/protocol.ts'
import { baseOf, openTape } from '../support/replay-tape.ts'

/** A clock that is at once where it is asked to be: nothing waits, so nobody has to know when the process is idle. */
class InstantClock implements WorldClock {
  offset = 0

  now(): number {
    return this.offset
  }

  schedule(callback: () => void, delay: number): void {
    this.offset = roundMs(this.offset + Math.max(0, delay))
    queueMicrotask(callback)
  }
}

let closeTape = doNothing

/** retrial's door and tape without virtual time: no idle tracking, no guard, no fake timers. */
export const peer: Peer = {
  persistent: false,
  async reset(exchanges, { dir }) {
    installFetchDoor()
    closeTape = openTape(await baseOf(exchanges, asInteraction, dir), new InstantClock(), dir)
  },
  call: (exchange) => ask(globalThis.fetch, MODEL_URL, exchange),
  close: () => closeTape(),
}
