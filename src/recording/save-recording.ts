import { RetrialError } from '../core/errors.ts'
import type { Recording } from '../model/recording.ts'
import { createRecordingWriter, type RecordingWriterOptions } from './create-recording-writer.ts'
import { listEntries } from './write/list-entries.ts'

/**
 * Writes a whole recording to a file and seals it: what an import or a conversion ends with. Reading it gives an equal recording.
 * @throws RetrialError as `createRecordingWriter`, and `ERR_RECORDING_UNWRITABLE` when not all of it could be written.
 */
export function saveRecording(path: string, recording: Recording, options: RecordingWriterOptions = {}): void {
  const { run, input, agent_ref, runtime, redaction } = recording
  const writer = createRecordingWriter(path, { run, input, agent_ref, runtime, redaction }, options)
  for (const entry of listEntries(recording)) {
    if (entry.kind === 'call') writer.call(entry.call)
    else if (entry.kind === 'result') writer.result(entry.result)
    else if (entry.kind === 'note') writer.note(entry.note)
    else if (entry.kind === 'chance') writer.chance(entry.chance)
    else if (entry.kind === 'finish') writer.finish(entry.finish)
  }
  writer.seal()
  if (writer.failure === null) return
  throw new RetrialError('ERR_RECORDING_UNWRITABLE', `Failed to write ${path}: ${writer.failure}`, {
    hint: 'Choose a folder that can be written to, on a disk with room.',
    location: { path },
  })
}
