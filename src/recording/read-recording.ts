import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { RetrialError } from '../core/errors.ts'
import type { Recording } from '../model/recording.ts'
import type { OpenBase } from './read/collect-records.ts'
import { isWholeZstd } from './read/is-whole-zstd.ts'
import { parseRecording, type ReadMode } from './read/parse-recording.ts'

export interface ReadRecordingOptions {
  /** @default 'strict' */
  mode?: ReadMode
  /** The recording that this one was replayed from, where it was read before: it is not read again if it is the right one. */
  base?: Recording | undefined
}

const ZSTD_MAGIC = 0xfd2fb528
const MAX_FILE_BYTES = 1024 * 1024 * 1024

/** A recording that refers to one that refers to one …: so many at most. */
const MAX_BASES = 8

/**
 * Reads a recording: `name.jsonl`, `name.jsonl.zst`, or the `.part` that a killed process left behind (only in prefix mode).
 * The digest is that of the lines, so it is the same for a compressed file.
 * The result is shared structure inside: treat it as read-only.
 * @throws RetrialError `ERR_RECORDING_NOT_FOUND`, `_NOT_A_FILE`, `_UNREADABLE`, `_BASE`, and those of `parseRecording`.
 */
export async function readRecording(path: string, options: ReadRecordingOptions = {}): Promise<Recording> {
  const { mode = 'strict', base } = options
  return parseRecording(readRecordingBytes(path), path, mode, openBaseOf(path, base, MAX_BASES))
}

function openBaseOf(path: string, known: Recording | undefined, left: number): OpenBase {
  return ({ path: name, digest }) => {
    if (known?.digest === digest) return known
    const base = resolve(dirname(path), name)
    if (left === 0) throw wrongBase(path, `${base} refers to another, and so on without end`)
    let recording: Recording
    try {
      recording = parseRecording(readRecordingBytes(base), base, 'prefix', openBaseOf(base, undefined, left - 1))
    } catch (error) {
      throw wrongBase(path, (error as Error).message, error)
    }
    if (recording.digest !== digest) throw wrongBase(path, `${base} is not the recording that was replayed`)
    return recording
  }
}

function wrongBase(path: string, reason: string, cause?: unknown): RetrialError {
  return new RetrialError('ERR_RECORDING_BASE', `Failed to read ${path}: it refers to another recording: ${reason}`, {
    hint: 'Restore the recording that was replayed, as it was, or replay it again.',
    location: { path, line: 1 },
    cause,
  })
}

/**
 * The lines of a recording, decompressed.
 * @throws RetrialError `ERR_RECORDING_NOT_FOUND`, `_NOT_A_FILE`, `_UNREADABLE`, `_TOO_LARGE`, `_DAMAGED`.
 */
export function readRecordingBytes(path: string): Buffer {
  let bytes: Buffer
  try {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer; O_NOFOLLOW refuses a link that leads out of the project.
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = fstatSync(file)
      if (!stat.isFile()) throw notFile(path)
      if (stat.size > MAX_FILE_BYTES) throw tooLarge(path)
      bytes = readFileSync(file)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw asReadError(error, path)
  }
  return unpack(bytes, path)
}

function unpack(bytes: Buffer, path: string): Buffer {
  if (bytes.length < 4 || bytes.readUInt32LE(0) !== ZSTD_MAGIC) return bytes
  try {
    if (!isWholeZstd(bytes)) throw new Error('it has no end')
    return zstdDecompressSync(bytes, { maxOutputLength: MAX_FILE_BYTES })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(path)
    throw new RetrialError('ERR_RECORDING_DAMAGED', `Failed to read ${path}: it cannot be decompressed`, {
      hint: 'Restore the file from version control or from where it was recorded; it cannot be repaired.',
      location: { path },
      cause: error,
    })
  }
}

function asReadError(error: unknown, path: string): RetrialError {
  if (error instanceof RetrialError) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new RetrialError('ERR_RECORDING_NOT_FOUND', `Failed to read ${path}: there is no such file`, {
      hint: 'Check the path; it is relative to the file that names it.',
      location: { path },
      cause: error,
    })
  }
  if (code === 'ELOOP' || code === 'ENXIO') return notFile(path)
  return new RetrialError('ERR_RECORDING_UNREADABLE', `Failed to read ${path}: ${(error as Error).message}`, {
    hint: 'Make the file readable.',
    location: { path },
    cause: error,
  })
}

function notFile(path: string): RetrialError {
  return new RetrialError('ERR_RECORDING_NOT_A_FILE', `Failed to read ${path}: it is a link, a folder or a device`, {
    hint: 'Name the recording itself.',
    location: { path },
  })
}

function tooLarge(path: string): RetrialError {
  return new RetrialError(
    'ERR_RECORDING_TOO_LARGE',
    `Failed to read ${path}: it has more than ${MAX_FILE_BYTES} bytes`,
    {
      hint: 'Record the run in parts.',
      location: { path },
    },
  )
}
