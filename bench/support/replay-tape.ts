import { join } from 'node:path'
import { setAmbientTape } from '../../src/boundary/tape.ts'
import type { WorldClock } from '../../src/boundary/world/world-clock.ts'
import type { Interaction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { createRecordingWriter, type RecordingWriter } from '../../src/recording/create-recording-writer.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { createRedactor, type Redactor } from '../../src/recording/redact/create-redactor.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { ReplayTape } from '../../src/replay/replay-tape.ts'
import { recordingOf, SALT } from './as-recording.ts'
import type { Exchange } from './workloads.ts'

export function openRedactor(): Redactor {
  return createRedactor({ salt: SALT, env: {} })
}

/** A recording in a file, read as a replay reads it. */
export interface Base {
  path: string
  recording: Recording
}

const bases = new WeakMap<readonly Exchange[], Base>()

/** Writes a recording of some exchanges and reads it, once: runs of one recording have that in common. */
export async function baseOf(
  exchanges: readonly Exchange[],
  toInteraction: (exchange: Exchange, index: number) => Interaction,
  dir: string,
): Promise<Base> {
  const known = bases.get(exchanges)
  if (known !== undefined) return known
  const path = join(dir, `recorded-${process.pid}-${++files}.jsonl`)
  saveRecording(path, recordingOf(exchanges.map(toInteraction)), { overwrite: true, sync: false })
  const base = { path, recording: await readRecording(path) }
  bases.set(exchanges, base)
  return base
}

let files = 0

/** The writer of a replay's own recording, set up as in a replay's process. */
export function openWriter(base: Base, dir: string, redactor: Redactor): RecordingWriter {
  const { run, input, runtime } = base.recording
  // As in a replay's process: each has a file of its own.
  const path = join(dir, `replay-${process.pid}-${++files}.jsonl`)
  const options = { overwrite: true, sync: false, buffered: true, redactor, base }
  return createRecordingWriter(path, { run, input, runtime }, options)
}

/** Ends a replay's recording. @throws When it was not written whole. */
export function closeWriter(writer: RecordingWriter): void {
  writer.finish({ at_ms: 0, stop_reason: 'completed', output: null, error: null })
  writer.seal()
  if (writer.failure !== null) throw new Error(writer.failure)
}

/** Answers this process from a recording, all as in a replay's process; gives what ends it. */
export function openTape(base: Base, clock: WorldClock, dir: string): () => void {
  const redactor = openRedactor()
  const writer = openWriter(base, dir, redactor)
  const tape = new ReplayTape({
    recording: base.recording,
    clock,
    writer,
    redactor,
    volatile: [],
    on_divergence: 'fail',
    known: { began: [base.recording.run.started_at] },
    onDivergence(divergence) {
      throw new Error(`the benchmark's own request diverged: ${divergence.kind}`)
    },
  })
  setAmbientTape(tape)
  return () => {
    tape.finish()
    closeWriter(writer)
  }
}
