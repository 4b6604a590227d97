import { isRetrialError, RetrialError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import type { RunContext } from '../../model/run.ts'
import type { ForeignFile, ImportFilesOptions, ImportResult } from '../foreign-format.ts'
import { type EntryOutcome, type EntryPlace, entryError, type ReadEntry } from './entry.ts'
import { placeEntries } from './place-entries.ts'
import { type Budget, MAX_FILE_BYTES } from './remove-coding.ts'
import { reportImport } from './report-import.ts'

/** One entry of a file, still to be read: reading it may refuse it. */
export interface RawEntry {
  place: EntryPlace
  read(place: EntryPlace, budget: Budget): ReadEntry
}

/** How the entries of a format are found. */
export interface EntryFormat {
  /** What people call a file of it: `the HAR`. */
  noun: string
  /** Finds the entries of a file, and the run they are of where it says; refuses the file when it is not of the format. */
  list(file: ForeignFile): { entries: RawEntry[]; run?: RunContext | null }
}

/**
 * Reads files that hold HTTP exchanges as one run.
 *
 * @throws RetrialError what the format refuses; `ERR_INTERCHANGE_STARTED_AT` for a `started_at` later than the first request
 */
export function importEntries(
  format: EntryFormat,
  files: readonly ForeignFile[],
  options: ImportFilesOptions,
): ImportResult {
  const budget: Budget = { left: MAX_FILE_BYTES }
  const outcomes: EntryOutcome[] = []
  const listed = files.map((file) => format.list(file))
  for (const [file, { entries }] of listed.entries()) {
    for (const entry of entries) {
      outcomes.push({ index: outcomes.length, file, ...tryEntry(entry, budget, options.skipBad === true) })
    }
  }
  const own = listed.length === 1 ? (listed[0]?.run ?? null) : null
  const placed = placeEntries(outcomes, options.started_at ?? own?.started_at)
  const tooEarly = placed.interactions.find((interaction) => interaction.started_ms < 0)
  if (tooEarly) {
    throw new RetrialError(
      'ERR_INTERCHANGE_STARTED_AT',
      `Failed to import the file: started_at is ${-tooEarly.started_ms} ms later than the first request`,
      {
        hint: 'Give the time when the run began, in milliseconds since the epoch.',
        location: { path: files[0]?.path ?? '' },
      },
    )
  }
  const digest = digestOf(files)
  const run = own ?? { run_id: `run_${digest.slice(0, 12)}`, trace_id: digest.slice(0, 32) }
  return {
    run: { ...run, run_id: options.run_id ?? run.run_id, started_at: placed.started_at },
    runtime: { node: 'unknown', platform: 'unknown' },
    interactions: placed.interactions,
    notes: placed.notes,
    report: reportImport(placed, files.length, format.noun),
  }
}

function tryEntry(
  { place, read }: RawEntry,
  budget: Budget,
  skipBad: boolean,
): { read: ReadEntry | null; refusal?: string } {
  try {
    return { read: read(place, budget) }
  } catch (caught) {
    // Thrown where a value is nested so deeply that walking it fills the stack.
    const isTooDeep = caught instanceof RangeError
    const error = isTooDeep ? entryError(place, 'ERR_INTERCHANGE_ENTRY', 'it is nested too deeply', caught) : caught
    if (!skipBad || !isRetrialError(error)) throw error
    return { read: null, refusal: `${error.code}: ${error.message}` }
  }
}

/** Of one file its own digest; of several, the digest of theirs: the same files in the same order give the same run. */
function digestOf(files: readonly ForeignFile[]): string {
  const digests = files.map(({ text }) => sha256(text))
  return digests.length === 1 ? (digests[0] as string) : sha256(digests.join('\n'))
}
