import { armServing, type ReplayWorld } from '../../src/boundary/arm.ts'
import { doNothing } from '../../src/core/nothing.ts'
import { asRecording, MODEL_URL } from '../support/as-recording.ts'
import { ask } from '../support/ask.ts'
import { driveToEnd } from '../support/drive-to-end.ts'
import type { Peer } from '../support/protocol.ts'
import { openTape } from '../support/replay-tape.ts'

let world: ReplayWorld | null = null
let closeTape = doNothing

/** retrial as in a replay: guard, doors, redaction, matching, writing, and a virtual clock driven by idleness. */
export const peer: Peer = {
  persistent: false,
  reset(exchanges, { dir }) {
    const recording = asRecording(exchanges)
    world ??= armServing(recording.run.started_at, ({ target }) => {
      throw new Error(`the benchmark reached out to ${target}`)
    })
    closeTape = openTape(recording, world.clock, dir)
  },
  call: (exchange) => ask(globalThis.fetch, MODEL_URL, exchange),
  drive: (work) => driveToEnd(world, work),
  close: () => closeTape(),
}
