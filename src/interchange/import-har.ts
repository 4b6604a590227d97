import { type EntryFormat, importEntries } from './entries/import-entries.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { readEntry } from './har/read-entry.ts'
import { readLog } from './har/read-log.ts'
import { readRunFields } from './har/retrial-fields.ts'

const har: EntryFormat = {
  noun: 'the HAR',
  list({ path, text }) {
    const { entries, _retrial } = readLog(text, path)
    return {
      entries: entries.map((value, index) => ({
        place: { path, entry: `log.entries[${index}]` },
        read: (place, budget) => readEntry(value, place, budget),
      })),
      run: readRunFields(_retrial),
    }
  },
}

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
  return importEntries(har, [{ path: options.path, text }], options)
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
  importFiles: (files, options) => importEntries(har, files, options),
}
