import { dirname, relative } from 'node:path'
import type { Interaction } from '../model/interaction.ts'
import type { Chance, Note, Recording } from '../model/recording.ts'
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
  type RepeatedCall,
  repeatedCall,
  repeatedResult,
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
  /**
   * Whether lines are kept in memory and written many at a time, or when they are flushed. A killed process loses them.
   * @default false
   */
  buffered?: boolean | undefined
  /** The recording that is replayed, and where it stands: calls and answers may refer to its own. */
  base?: { path: string; recording: Recording } | undefined
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
  /** Writes down a call that asks just what one of the base asks. Other headers are clean. */
  repeatCall(source: Interaction, call: Omit<RepeatedCall, 'same'>): void
  /** Writes down the answer to a call when there will be no more of it. */
  result(result: RecordedResult, content?: WrittenContent): void
  /** Writes down that a call got the answer that one of the base got, or the first chunks of it. */
  repeatResult(source: Interaction, result: RecordedResult, content?: WrittenContent): void
  note(note: Note): void
  /** Writes down what was drawn since it was last called. */
  chance(chance: Chance): void
  finish(finish: RunFinish): void
  /** Closes the recording with its seal and gives it its name. Nothing is written after that. */
  seal(): void
  /** Writes what is buffered. */
  flush(): void
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
  const { redactor, sync = true, overwrite = false, buffered = false, base, io = machineIo } = options
  const first = headerEntries({ ...header, ...referTo(base, path) }).map((entry) => redactEntry(entry, redactor))
  const { journal, queue } = startPart(path, first, { io, sync, buffered, overwrite })
  const canRefer = base?.recording.digest !== undefined
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

  function openBase(): Recording {
    if (base === undefined) throw new Error('the recording has no base')
    return base.recording
  }

  function seal(): void {
    if (!queue.flush() || !journal.seal()) return
    closed = true
    if (sync) journal.sync()
    journal.close()
    if (redactor !== undefined) rewriteRedacted(path, redactor, io, openBase)
    publishPart(path, { io, sync, overwrite })
  }

  return {
    path,
    call: (call, content) => write(() => [callEntry(call)], content),
    repeatCall: (source, call) => write(() => [repeatedCall(source, call, canRefer)], 'clean'),
    repeatResult: (source, result, content) => write(() => [repeatedResult(source, result, canRefer)], content),
    result: (result, content) => write(() => [resultEntry(result)], content),
    note: (note) => write(() => [noteEntry(note)]),
    chance: (chance) => write(() => [{ kind: 'chance', chance }]),
    finish: (finish) => write(() => finishEntries(finish)),
    seal: () => guard(seal),
    flush: () => guard(() => void journal.flush()),
    durable: () => journal.durable(),
    get failure() {
      return fault ?? queue.failure() ?? journal.failure()
    },
  }
}

function referTo(base: RecordingWriterOptions['base'], path: string): Pick<RecordingHeader, 'base'> {
  const digest = base?.recording.digest
  if (base === undefined || digest === undefined) return {}
  return { base: { path: relative(dirname(path), base.path), digest } }
}
