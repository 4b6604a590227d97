import { dirname, relative, resolve } from 'node:path'
import type { Recording } from '../model/recording.ts'
import { createRecordingWriter, type RecordingWriter } from '../recording/create-recording-writer.ts'
import type { Redactor } from '../recording/redact/create-redactor.ts'
import type { FurnishedJob } from './protocol.ts'
import { hasInspector } from './sample-stack.ts'

/** Opens the replay's own recording, which refers to the one that is replayed. */
export function openReplayWriter(job: FurnishedJob, recording: Recording, redactor: Redactor | null): RecordingWriter {
  // Where the run was recorded is no way up from where its replay is written.
  const { cwd: _, ...runtime } = recording.runtime
  return createRecordingWriter(
    job.written,
    {
      run: { ...recording.run, started_at: job.started_at ?? recording.run.started_at },
      input: job.input,
      agent_ref: job.agent_ref,
      runtime,
      redaction: recording.redaction,
    },
    {
      overwrite: true,
      sync: false,
      // What is kept in memory is to be had from a process that hangs only by its inspector.
      buffered: hasInspector('permission' in process),
      base: { path: callFrom(job), recording },
      ...(redactor && { redactor }),
    },
  )
}

/** The path by which a recording, seen from where it is written, is called as it will be from where it is kept. */
function callFrom({ recording, out, written }: FurnishedJob): string {
  return resolve(dirname(written), relative(dirname(out), recording))
}
