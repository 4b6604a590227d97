import { join } from 'node:path'
import { setAmbientTape } from '../../src/boundary/tape.ts'
import type { WorldClock } from '../../src/boundary/world/world-clock.ts'
import type { Recording } from '../../src/model/recording.ts'
import { createRecordingWriter, type RecordingWriter } from '../../src/recording/create-recording-writer.ts'
import { createRedactor, type Redactor } from '../../src/recording/redact/create-redactor.ts'
import { ReplayTape } from '../../src/replay/replay-tape.ts'
import { SALT } from './as-recording.ts'

export function openRedactor(): Redactor {
  return createRedactor({ salt: SALT, env: {} })
}

/** The writer of a replay's own recording, set up as in a replay's process. */
export function openWriter({ run, input, runtime }: Recording, dir: string, redactor: Redactor): RecordingWriter {
  const path = join(dir, `replay-${process.pid}.jsonl`)
  return createRecordingWriter(path, { run, input, runtime }, { overwrite: true, sync: false, redactor })
}

/** Ends a replay's recording. @throws When it was not written whole. */
export function closeWriter(writer: RecordingWriter): void {
  writer.finish({ at_ms: 0, stop_reason: 'completed', output: null, error: null })
  writer.seal()
  if (writer.failure !== null) throw new Error(writer.failure)
}

/** Answers this process from a recording, all as in a replay's process; gives what ends it. */
export function openTape(recording: Recording, clock: WorldClock, dir: string): () => void {
  const redactor = openRedactor()
  const writer = openWriter(recording, dir, redactor)
  const tape = new ReplayTape({
    recording,
    clock,
    writer,
    redactor,
    volatile: [],
    on_divergence: 'fail',
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
