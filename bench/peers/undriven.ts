import { installFetchDoor } from '../../src/boundary/doors/fetch-door.ts'
import { VirtualClock } from '../../src/boundary/world/virtual-clock.ts'
import { doNothing } from '../../src/core/nothing.ts'
import { asRecording, MODEL_URL } from '../support/as-recording.ts'
import { ask } from '../support/ask.ts'
import type { Peer } from '../support/protocol.ts'
import { openTape } from '../support/replay-tape.ts'

/** A clock on which everything is due at once: nothing waits, so nobody has to know when the process is idle. */
class InstantClock extends VirtualClock {
  override schedule(callback: () => void): void {
    queueMicrotask(callback)
  }
}

let closeTape = doNothing

/** retrial's door and tape without virtual time: no idle tracking, no guard, no fake timers. */
export const peer: Peer = {
  persistent: false,
  reset(exchanges, { dir }) {
    installFetchDoor()
    closeTape = openTape(asRecording(exchanges), new InstantClock(0), dir)
  },
  call: (exchange) => ask(globalThis.fetch, MODEL_URL, exchange),
  close: () => closeTape(),
}
