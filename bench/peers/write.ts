import type { HttpInteraction } from '../../src/model/interaction.ts'
import type { RecordingWriter } from '../../src/recording/create-recording-writer.ts'
import { asInteraction } from '../support/as-recording.ts'
import type { Peer } from '../support/protocol.ts'
import { baseOf, closeWriter, openRedactor, openWriter } from '../support/replay-tape.ts'

let writer: RecordingWriter
let interactions = new Map<string, HttpInteraction>()

/** What a replay spends to write an interaction down, where it was recorded just so. */
export const peer: Peer = {
  persistent: false,
  async reset(exchanges, { dir }) {
    const base = await baseOf(exchanges, asInteraction, dir)
    writer = openWriter(base, dir, openRedactor())
    const all = base.recording.interactions as HttpInteraction[]
    interactions = new Map(exchanges.map(({ key }, i) => [key, all[i] as HttpInteraction]))
  },
  call({ key }) {
    const recorded = interactions.get(key) as HttpInteraction
    const { id, started_ms, end } = recorded
    writer.repeatCall(recorded, { id, started_ms })
    writer.repeatResult(recorded, { id, end, evidence: { grade: 'exact', source: id } }, 'clean')
    return undefined
  },
  close: () => closeWriter(writer),
}
