import { isRetrialError, RetrialError } from '../core/errors.ts'
import { sha256 } from '../core/hash.ts'
import type { JsonValue } from '../core/json.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { type EntryOutcome, placeEntries } from './har/place-entries.ts'
import { readEntry } from './har/read-entry.ts'
import { readLog } from './har/read-log.ts'
import { type Budget, MAX_FILE_BYTES } from './har/remove-coding.ts'
import { reportImport } from './har/report-import.ts'

/**
 * Reads a HAR 1.2 file, as browsers, proxies and Polly.js write them, as a run.
 *
 * Requests and answers come out byte for byte as far as the HAR holds them, answers without their content coding.
 * Times are offsets from the first request, so concurrent requests stay concurrent; a body is one chunk at its end,
 * since a HAR knows no chunks. What the HAR does not tell is in the notes and in the report, never made up.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`, `ERR_INTERCHANGE_JSON`, `ERR_INTERCHANGE_NOT_HAR` for the file;
 * unless `skipBad`, `ERR_INTERCHANGE_ENTRY`, `ERR_INTERCHANGE_URL`, `ERR_INTERCHANGE_BODY`, `ERR_INTERCHANGE_BOMB`
 * for one of its entries; `ERR_INTERCHANGE_STARTED_AT` for a `started_at` later than the first request
 *
 * @example
 * ```ts
 * const { interactions, report } = importHar(readFileSync('run.har', 'utf8'), { path: 'run.har' })
 * ```
 */
export function importHar(text: string, options: ImportOptions): ImportResult {
  const budget: Budget = { left: MAX_FILE_BYTES }
  const outcomes = readLog(text, options.path).map((entry, index) => tryEntry(entry, index, budget, options))
  const placed = placeEntries(outcomes, options.started_at)
  const tooEarly = placed.interactions.find((interaction) => interaction.started_ms < 0)
  if (tooEarly) {
    throw new RetrialError(
      'ERR_INTERCHANGE_STARTED_AT',
      `Failed to import the file: started_at is ${-tooEarly.started_ms} ms later than the first request`,
      { hint: 'Give the time when the run began, in milliseconds since the epoch.', location: { path: options.path } },
    )
  }
  const digest = sha256(text)
  return {
    run: {
      run_id: options.run_id ?? `run_${digest.slice(0, 12)}`,
      trace_id: digest.slice(0, 32),
      started_at: placed.started_at,
    },
    runtime: { node: 'unknown', platform: 'unknown' },
    interactions: placed.interactions,
    notes: placed.notes,
    report: reportImport(placed.interactions, placed.notes),
  }
}

function tryEntry(entry: JsonValue, index: number, budget: Budget, options: ImportOptions): EntryOutcome {
  try {
    return { index, read: readEntry(entry, options.path, index, budget) }
  } catch (error) {
    if (options.skipBad !== true || !isRetrialError(error)) throw error
    return { index, read: null, refusal: `${error.code}: ${error.message}` }
  }
}

/** HAR 1.2, the HTTP archive of browsers, proxies and Polly.js. */
export const harFormat: ForeignFormat = {
  name: 'har',
  title: 'HAR 1.2',
  detect(text) {
    const head = text.slice(0, 65_536)
    return /^\uFEFF?\s*\{/.test(head) && /"log"\s*:\s*\{/.test(head) && /"entries"\s*:\s*\[/.test(text)
  },
  import: importHar,
}
