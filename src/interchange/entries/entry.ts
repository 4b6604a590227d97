import { type ErrorLocation, RetrialError } from '../../core/errors.ts'
import type { HttpInteraction } from '../../model/interaction.ts'

/** Which entry of which file: what every refusal names. */
export interface EntryPlace {
  path: string
  /** The entry as its format counts it: `log.entries[3]`. */
  entry: string
  /** Method and URL without the query, where keys may stand. */
  label?: string | undefined
  /** Where the entry begins, for formats whose parser tells; from 1. */
  line?: number | undefined
  column?: number | undefined
}

/** When an entry happened, ms. */
export interface EntryTimes {
  /** Since the epoch; null when the entry does not tell. */
  started_at: number | null
  /** Offset of the answer's headers from the call; not beyond `total_ms`. */
  headers_ms: number
  total_ms: number
  /** False when the entry does not tell how long it took; both durations are 0 then. */
  measured: boolean
}

/** Something to tell about one entry; the offset and the interaction's id are added later. */
export interface Remark {
  code: string
  message: string
  /** True when a replay would miss something because of it. */
  gap?: boolean
}

/** An entry as an interaction that does not know its place in the run yet. */
export interface ReadEntry {
  times: EntryTimes
  /** Order that the tool gives to entries of the same time. */
  order: number
  /** Null for what is no HTTP request (`wss:`, `data:`). */
  interaction: Omit<HttpInteraction, 'id' | 'started_ms'> | null
  remarks: Remark[]
}

/** An entry of the files, read or refused. */
export interface EntryOutcome {
  /** Position among the entries of all files, in the order given. */
  index: number
  /** Position of its file. */
  file: number
  read: ReadEntry | null
  /** Why it was refused; for those that were. */
  refusal?: string | undefined
}

/** The error that refuses a file because of one of its entries. */
export function entryError(place: EntryPlace, code: string, reason: string, cause?: unknown): RetrialError {
  const { path, line, column } = place
  const location: ErrorLocation = line === undefined || column === undefined ? { path } : { path, line, column }
  const entry = `${place.entry}${place.label ? ` (${place.label})` : ''}`
  return new RetrialError(code, `Failed to import ${entry}: ${reason}`, {
    hint: 'Repair or remove the entry, or skip such entries with --skip-bad (skipBad: true).',
    location,
    cause,
  })
}
