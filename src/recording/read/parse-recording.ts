import { createHash } from 'node:crypto'
import { isRetrialError, RetrialError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { isJsonObject, type JsonValue, parseJson } from '../../core/json.ts'
import type { Integrity, Recording } from '../../model/recording.ts'
import { MAX_LINE_BYTES } from '../format.ts'
import type { LineRecord, SealRecord } from '../schema.ts'
import { checkRecord } from './check-record.ts'
import { type OpenBase, RecordCollector } from './collect-records.ts'
import { CURRENT_VERSION, canMigrate, migrateRecord, parseVersion } from './migrate.ts'
import { BrokenLine, parseLine, readLine, splitLines } from './scan-lines.ts'

/**
 * How much a reader puts up with. `strict`: sealed and whole, the only mode that a verdict may rest on. `prefix`: also what a killed
 * process left behind; the `integrity` of the recording says so. Neither accepts a damaged middle.
 */
export type ReadMode = 'strict' | 'prefix'

/** What every recording starts with. */
const START = '{"seq":0,"kind":"header","format":"retrial/'
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
const REPLACE = 'Restore the file from version control or from where it was recorded; it cannot be repaired.'

/**
 * Parses the bytes of a recording. `path` is only for the errors; `openBase` reads the recording that it refers to, if it does.
 * @throws RetrialError `ERR_RECORDING_EMPTY`, `_FORMAT`, `_VERSION`, `_DAMAGED`, `_TOO_LARGE`; in strict mode also `_TORN`, `_UNSEALED`.
 */
export function parseRecording(bytes: Buffer, path: string, mode: ReadMode, openBase: OpenBase = noBase): Recording {
  if (bytes.length === 0) {
    throw new RetrialError('ERR_RECORDING_EMPTY', `Failed to read ${path}: the file is empty`, {
      hint: 'Record the run again.',
      location: { path },
    })
  }
  const { lines, tail } = splitLines(bytes)
  const version = checkHeader(bytes.subarray(0, lines[0]?.[1]), lines.length > 0, path)
  const collector = new RecordCollector(openBase)
  const integrity = readLines(bytes, lines, tail, version, collector, path)
  if (mode === 'strict' && integrity !== 'sealed') throw notSealed(integrity, lines.length, path)
  return { ...collector.finish(), integrity, digest: sha256(bytes) }
}

function noBase(): never {
  throw new BrokenLine('it refers to another recording, which cannot be had here')
}

/** Says by the first line which version the file has, before anything else is believed. */
function checkHeader(line: Buffer, complete: boolean, path: string): number {
  if (line.subarray(0, 3).equals(BYTE_ORDER_MARK)) throw notRecording(path, 'it starts with a byte order mark')
  if (line.length > MAX_LINE_BYTES) throw notRecording(path, 'its first line is too long')
  const text = line.toString('utf8')
  if (!complete) {
    if (!text.startsWith(START) && !START.startsWith(text)) throw notRecording(path, 'it has no complete line')
    throw new RetrialError('ERR_RECORDING_TORN', `Failed to read ${path}: not even its first line is complete`, {
      hint: 'Record the run again.',
      location: { path, line: 1 },
    })
  }
  const header = parseJson(text)
  const version = isJsonObject(header) ? parseVersion(header.format) : undefined
  if (version === undefined) throw notRecording(path, 'its first line is not the header of one')
  if (!canMigrate(version)) {
    throw new RetrialError(
      'ERR_RECORDING_VERSION',
      `Failed to read ${path}: format retrial/${version} is not known here`,
      {
        hint: 'Update retrial to a version that knows this format.',
        location: { path, line: 1 },
      },
    )
  }
  return version
}

function readLines(
  bytes: Buffer,
  lines: [number, number][],
  tail: number,
  version: number,
  collector: RecordCollector,
  path: string,
): Integrity {
  const digest = createHash('sha256')
  let crc = 0
  let sealed = false
  for (const [i, [start, end]] of lines.entries()) {
    try {
      if (sealed) throw new BrokenLine('there is a line after the seal')
      const line = readLine(bytes.subarray(start, end), crc)
      crc = line.crc
      const record = checkedRecord(parseLine(line.text), i, version)
      if (record.kind === 'seal') {
        checkSeal(record, i, digest.copy().digest('hex'))
        sealed = true
      } else collector.add(record)
      digest.update(bytes.subarray(start, end + 1))
    } catch (error) {
      throw damaged(error, path, i + 1)
    }
  }
  if (sealed && tail > 0) throw damaged(new BrokenLine('there are bytes after the seal'), path, lines.length + 1)
  return sealed ? 'sealed' : tail > 0 ? 'torn' : 'unsealed'
}

function checkedRecord(value: JsonValue, seq: number, version: number): LineRecord {
  const record = isJsonObject(value) && version < CURRENT_VERSION ? migrateRecord(value, version) : value
  const reason = checkRecord(record)
  if (reason !== null) throw new BrokenLine(`the record is not valid: ${reason}`)
  const checked = record as unknown as LineRecord
  if (checked.seq !== seq) throw new BrokenLine(`the sequence number is ${checked.seq}, not ${seq}`)
  return checked
}

function checkSeal(seal: SealRecord, count: number, digest: string): void {
  if (seal.count !== count) throw new BrokenLine(`the seal counts ${seal.count} lines, not ${count}`)
  if (seal.digest !== digest) throw new BrokenLine('the seal is not that of the lines before it')
}

function notRecording(path: string, reason: string): RetrialError {
  return new RetrialError('ERR_RECORDING_FORMAT', `Failed to read ${path}: this is no recording, ${reason}`, {
    hint: 'Name a file that `retrial record` wrote, or import other formats first.',
    location: { path, line: 1 },
  })
}

function notSealed(integrity: Integrity, lines: number, path: string): RetrialError {
  const torn = integrity === 'torn'
  return new RetrialError(
    torn ? 'ERR_RECORDING_TORN' : 'ERR_RECORDING_UNSEALED',
    `Failed to read ${path}: ${torn ? 'its last line is not complete' : 'it has no seal'}, so the end of the run may be missing`,
    {
      hint: 'Debug it, or record the run again; a verdict needs a sealed recording.',
      location: { path, line: torn ? lines + 1 : lines },
    },
  )
}

function damaged(error: unknown, path: string, line: number): RetrialError {
  if (isRetrialError(error)) return error
  const broken = error instanceof BrokenLine ? error : new BrokenLine(String(error))
  return new RetrialError(
    broken.kind === 'too_large' ? 'ERR_RECORDING_TOO_LARGE' : 'ERR_RECORDING_DAMAGED',
    `Failed to read ${path}: ${broken.message}`,
    { hint: REPLACE, location: { path, line }, cause: error },
  )
}
