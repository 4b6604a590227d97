import { armServing, type ReplayWorld } from '../../src/boundary/arm.ts'
import { doNothing } from '../../src/core/nothing.ts'
import { asInteraction, MODEL_URL } from '../support/as-recording.ts'
import { ask } from '../support/ask.ts'
import { driveToEnd } from '../support/drive-to-end.ts'
import type { Peer } from '../support/protocol.ts'
import { baseOf, openTape } from '../support/replay-tape.ts'

let world: ReplayWorld | null = null
let closeTape = doNothing

/** retrial as in a replay: guard, doors, redaction, matching, writing, and a virtual clock driven by idleness. */
export const peer: Peer = {
  persistent: false,
  async reset(exchanges, { dir }) {
    const base = await baseOf(exchanges, asInteraction, dir)
    world ??= armServing(base.recording.run.started_at, ({ target }) => {
      throw new Error(`the benchmark reached out to ${target}`)
    })
    closeTape = openTape(base, world.clock, dir)
  },
  call: (exchange) => ask(globalThis.fetch, MODEL_URL, exchange),
  drive: (work) => driveToEnd(world, work),
  close: () => closeTape(),
}
