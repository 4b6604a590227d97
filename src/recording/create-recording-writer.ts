import type { Chance, Note } from '../model/recording.ts'
import type { RunFinish } from '../model/run.ts'
import {
  callEntry,
  type Entry,
  finishEntries,
  headerEntries,
  noteEntry,
  type RecordedCall,
  type RecordedResult,
  type RecordingHeader,
  resultEntry,
} from './entries.ts'
import type { Redactor } from './redact/create-redactor.ts'
import { redactEntry } from './redact/redact-entry.ts'
import { messageOf } from './write/journal.ts'
import { publishPart, rewriteRedacted, startPart } from './write/part-file.ts'
import { machineIo, type RecordingIo } from './write/recording-io.ts'

export interface RecordingWriterOptions {
  /** Replaces secrets in everything before it reaches the disk. Without one, everything is written as it is. */
  redactor?: Redactor | undefined
  /**
   * Whether what is written is also put on the disk in the background, so that a power cut loses no more than the last moments.
   * @default true
   */
  sync?: boolean | undefined
  /**
   * Whether a recording that is already there may be replaced.
   * @default false
   */
  overwrite?: boolean | undefined
  /** The file system calls. @internal */
  io?: RecordingIo | undefined
}

/**
 * What is to be done about secrets in an entry: `raw` is searched for them; `clean` went through the same redactor before, or
 * stands in a recording that it wrote.
 * @default 'raw'
 */
export type WrittenContent = 'raw' | 'clean'

/**
 * Writes a recording, one line a record. Nothing here ever throws or blocks on the disk: the run that is recorded must not notice.
 * What could not be written is kept (up to 8 MB) and tried again with the next record; what is lost is counted in a note `dropped`.
 */
export interface RecordingWriter {
  /** Where the recording will be once it is sealed; until then it is `<path>.part`. */
  readonly path: string
  /** Writes down a request when it leaves the agent. */
  call(call: RecordedCall, content?: WrittenContent): void
  /** Writes down the answer to a call when there will be no more of it. */
  result(result: RecordedResult, content?: WrittenContent): void
  note(note: Note): void
  /** Writes down what was drawn since it was last called. */
  chance(chance: Chance): void
  finish(finish: RunFinish): void
  /** Closes the recording with its seal and gives it its name. Nothing is written after that. */
  seal(): void
  /** Resolves when all that was written so far is on the disk, or `failure` says why not. */
  durable(): Promise<void>
  /** Why the recording is incomplete, not sealed or not safely on the disk; null when all is well. */
  readonly failure: string | null
}

/**
 * Starts a recording at `<path>.part`; folders are made as needed.
 * @throws RetrialError `ERR_RECORDING_EXISTS` when there is one already, `ERR_RECORDING_UNWRITABLE` when it cannot be written.
 */
export function createRecordingWriter(
  path: string,
  header: RecordingHeader,
  options: RecordingWriterOptions = {},
): RecordingWriter {
  const { redactor, sync = true, overwrite = false, io = machineIo } = options
  const first = headerEntries(header).map((entry) => redactEntry(entry, redactor))
  const { journal, queue } = startPart(path, first, { io, sync, overwrite })
  let closed = false
  let fault: string | null = null

  function guard(action: () => void): void {
    if (closed) return
    try {
      action()
    } catch (error) {
      fault = messageOf(error)
    }
  }

  function write(entries: () => Entry[], content: WrittenContent = 'raw'): void {
    guard(() => {
      for (const entry of entries()) queue.push(content === 'clean' ? entry : redactEntry(entry, redactor))
    })
  }

  function seal(): void {
    if (!queue.flush() || !journal.seal()) return
    closed = true
    if (sync) journal.sync()
    journal.close()
    if (redactor !== undefined) rewriteRedacted(path, redactor, io)
    publishPart(path, { io, sync, overwrite })
  }

  return {
    path,
    call: (call, content) => write(() => [callEntry(call)], content),
    result: (result, content) => write(() => [resultEntry(result)], content),
    note: (note) => write(() => [noteEntry(note)]),
    chance: (chance) => write(() => [{ kind: 'chance', chance }]),
    finish: (finish) => write(() => finishEntries(finish)),
    seal: () => guard(seal),
    durable: () => journal.durable(),
    get failure() {
      return fault ?? queue.failure() ?? journal.failure()
    },
  }
}
