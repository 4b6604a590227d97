import { constants } from 'node:fs'
import { dirname } from 'node:path'
import { isRetrialError, RetrialError } from '../../core/errors.ts'
import type { Entry } from '../entries.ts'
import type { OpenBase } from '../read/collect-records.ts'
import { parseRecording } from '../read/parse-recording.ts'
import type { Redactor } from '../redact/create-redactor.ts'
import { redactEntry } from '../redact/redact-entry.ts'
import { EntryQueue } from './entry-queue.ts'
import { createJournal, type Journal, type JournalOptions, messageOf } from './journal.ts'
import { listEntries } from './list-entries.ts'
import type { RecordingIo } from './recording-io.ts'

interface PartOptions {
  io: RecordingIo
  sync: boolean
  buffered: boolean
  overwrite: boolean
}

/** Where a recording is until it is sealed. */
function partOf(path: string): string {
  return `${path}.part`
}

/**
 * Creates the part file of a recording, with its first entries.
 * @throws RetrialError `ERR_RECORDING_EXISTS`, `ERR_RECORDING_UNWRITABLE`.
 */
export function startPart(path: string, first: Entry[], options: PartOptions): { journal: Journal; queue: EntryQueue } {
  const { io, sync, buffered, overwrite } = options
  const part = partOf(path)
  try {
    if (!overwrite && io.existsSync(path)) throw exists(path)
    const journal = openJournal(part, io, { sync, buffered, overwrite })
    const queue = new EntryQueue(journal)
    for (const entry of first) queue.push(entry)
    const failure = queue.failure()
    if (failure !== null) {
      journal.close()
      io.unlinkSync(part)
      throw new Error(failure)
    }
    if (sync) syncFolder(path, io)
    return { journal, queue }
  } catch (error) {
    if (isRetrialError(error)) throw error
    throw new RetrialError('ERR_RECORDING_UNWRITABLE', `Failed to create ${part}: ${messageOf(error)}`, {
      hint: 'Choose a folder that can be written to, on a disk with room.',
      location: { path: part },
      cause: error,
    })
  }
}

/** Opens the file, as it mostly can be at once; makes its folder, or takes away what stands in its place, when that is in the way. */
function openJournal(part: string, io: RecordingIo, options: JournalOptions & { overwrite: boolean }): Journal {
  const open = (): Journal => createJournal(part, io, options)
  try {
    return open()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && !options.overwrite) throw exists(part)
    if (code === 'EEXIST') io.unlinkSync(part)
    else if (code === 'ENOENT') io.mkdirSync(dirname(part))
    else throw error
    return open()
  }
}

/**
 * Gives a sealed part file its name, on the disk too.
 * @throws RetrialError `ERR_RECORDING_EXISTS`, and what the file system throws.
 */
export function publishPart(path: string, { io, sync, overwrite }: Omit<PartOptions, 'buffered'>): void {
  const part = partOf(path)
  if (overwrite) io.renameSync(part, path)
  else {
    try {
      // Unlike a rename, a link never replaces what another process has put there meanwhile.
      io.linkSync(part, path)
      io.unlinkSync(part)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' || io.existsSync(path)) throw exists(path)
      io.renameSync(part, path)
    }
  }
  if (sync) syncFolder(path, io)
}

/**
 * Writes a sealed part file again when it holds a secret that was recognised only after it had been written.
 * @throws RetrialError `ERR_RECORDING_REDACTION` when it would still hold one; then it must not get its name.
 */
export function rewriteRedacted(path: string, redactor: Redactor, io: RecordingIo, openBase: OpenBase): void {
  if (redactor.known() === 0) return
  const part = partOf(path)
  const bytes = io.readFileSync(part)
  if (!redactor.leaks(bytes.toString('utf8'))) return
  const clean = `${path}.clean.part`
  const journal = createJournal(clean, io)
  const queue = new EntryQueue(journal)
  for (const entry of listEntries(parseRecording(bytes, part, 'strict', openBase)))
    queue.push(redactEntry(entry, redactor))
  const written = queue.flush() && queue.failure() === null && journal.seal()
  journal.sync()
  journal.close()
  if (!written || redactor.leaks(io.readFileSync(clean).toString('utf8'))) {
    io.unlinkSync(clean)
    throw new RetrialError(
      'ERR_RECORDING_REDACTION',
      `ERR_RECORDING_REDACTION: ${part} holds a secret that was recognised late`,
      {
        hint: 'Delete the file, or name the secret in the rules and record the run again.',
        location: { path: part },
      },
    )
  }
  io.renameSync(clean, part)
}

function syncFolder(path: string, io: RecordingIo): void {
  try {
    const fd = io.openSync(dirname(path), constants.O_RDONLY)
    try {
      io.fsyncSync(fd)
    } finally {
      io.closeSync(fd)
    }
  } catch {
    // Not every file system can sync a folder; the recording itself is complete without it.
  }
}

function exists(path: string): RetrialError {
  return new RetrialError('ERR_RECORDING_EXISTS', `ERR_RECORDING_EXISTS: ${path} is there already`, {
    hint: 'Choose another name, remove the file, or allow it to be overwritten.',
    location: { path },
  })
}
