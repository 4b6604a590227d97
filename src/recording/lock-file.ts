import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { RetrialError } from '../core/errors.ts'
import { sha256 } from '../core/hash.ts'
import { isJsonObject, parseJson } from '../core/json.ts'
import { readRecordingBytes } from './read-recording.ts'

/** Name of the file that pins the recordings of its folder. Belongs under version control, so that an edit shows in review. */
export const LOCK_FILE = 'recordings.lock.json'

/** Digest of each recording of a folder, by file name: `{ "run_9fd2.jsonl": "sha256:…" }`. */
export type LockEntries = Record<string, string>

/** Whether a recording is the one that was pinned. */
export type LockCheck = { status: 'pinned' } | { status: 'changed'; pinned: string } | { status: 'unpinned' }

/**
 * Reads the lock file of a folder; a folder without one pins nothing.
 * @throws RetrialError `ERR_RECORDING_LOCK` when the file cannot be read or is none.
 */
export function readLock(folder: string): LockEntries {
  const path = join(folder, LOCK_FILE)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw lockError(path, 'it cannot be read', error)
  }
  const entries = parseJson(text)
  if (!isJsonObject(entries)) throw lockError(path, 'it is not a JSON object')
  for (const [name, digest] of Object.entries(entries)) {
    if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
      throw lockError(path, `the digest of ${name} is not sha256: and 64 hex digits`)
    }
  }
  return entries as LockEntries
}

/**
 * Writes the lock file of a folder: these entries and no others, sorted by name.
 * @throws RetrialError `ERR_RECORDING_LOCK` when it cannot be written.
 */
export function writeLock(folder: string, entries: LockEntries): void {
  const path = join(folder, LOCK_FILE)
  const sorted = Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1))
  try {
    // Renamed into place, so that another process never reads half of it.
    const fresh = `${path}.${process.pid}.tmp`
    writeFileSync(fresh, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`)
    renameSync(fresh, path)
  } catch (error) {
    throw lockError(path, 'it cannot be written', error)
  }
}

/**
 * Says whether a recording is the one that the lock file beside it pins.
 * @param digest As `readRecording` gives it: 64 hex digits.
 * @throws RetrialError `ERR_RECORDING_LOCK`.
 */
export function checkLock(recordingPath: string, digest: string): LockCheck {
  const name = nameOf(recordingPath)
  const entries = readLock(dirname(recordingPath))
  const pinned = Object.hasOwn(entries, name) ? entries[name] : undefined
  if (pinned === undefined) return { status: 'unpinned' }
  return pinned === `sha256:${digest}` ? { status: 'pinned' } : { status: 'changed', pinned }
}

/**
 * Pins a recording in the lock file beside it, by the digest of its lines as they are now.
 * @throws RetrialError `ERR_RECORDING_LOCK`, and those of `readRecording` for a file that cannot be read.
 */
export function pinRecording(recordingPath: string): void {
  const folder = dirname(recordingPath)
  const digest = sha256(readRecordingBytes(recordingPath))
  writeLock(folder, { ...readLock(folder), [nameOf(recordingPath)]: `sha256:${digest}` })
}

/** A compressed recording has the same lines, and so the same pin, as one that is not. */
function nameOf(recordingPath: string): string {
  return basename(recordingPath).replace(/\.zst$/, '')
}

function lockError(path: string, reason: string, cause?: unknown): RetrialError {
  return new RetrialError('ERR_RECORDING_LOCK', `Failed to use ${path}: ${reason}`, {
    hint: 'Restore the file from version control, or delete it and pin the recordings again.',
    location: { path },
    cause,
  })
}
