import type { HttpInteraction } from '../../src/model/interaction.ts'
import type { RecordingWriter } from '../../src/recording/create-recording-writer.ts'
import { asRecording } from '../support/as-recording.ts'
import type { Peer } from '../support/protocol.ts'
import { closeWriter, openRedactor, openWriter } from '../support/replay-tape.ts'

let writer: RecordingWriter
let interactions = new Map<string, HttpInteraction>()

/** What a replay spends to write an interaction down; the writer searches it for secrets. */
export const peer: Peer = {
  persistent: false,
  reset(exchanges, { dir }) {
    const recording = asRecording(exchanges)
    writer = openWriter(recording, dir, openRedactor())
    const all = recording.interactions as HttpInteraction[]
    interactions = new Map(exchanges.map(({ key }, i) => [key, all[i] as HttpInteraction]))
  },
  call({ key }) {
    const { id, kind, door, started_ms, request, answer, end } = interactions.get(key) as HttpInteraction
    writer.call({ id, kind, door, started_ms, request })
    writer.result({ id, answer, end, evidence: { grade: 'exact', source: id } })
    return undefined
  },
  close: () => closeWriter(writer),
}
