import { RetrialError } from '../core/errors.ts'
import { type FileValue, isFileObject } from './cassettes/file-value.ts'
import { isJsonCassette, readCassette } from './cassettes/read-cassette.ts'
import { holdsOtherCalls } from './cassettes/read-parts.ts'
import { readVcrEntry } from './cassettes/read-vcr-entry.ts'
import { type EntryFormat, importEntries, type RawEntry } from './entries/import-entries.ts'
import type { ForeignFile, ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'

const vcr: EntryFormat = { noun: 'the cassette', list: (file) => ({ entries: listEntries(file) }) }

/**
 * Reads a cassette of VCR.py (YAML, or its JSON serializer) as a run; bodies as text, `!!binary`, or parsed
 * (`parsed_body`, as pydantic-ai writes them).
 *
 * A cassette tells no times: requests stand in the order in which they were recorded, each taken to last 0 ms.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`, `ERR_INTERCHANGE_YAML`, `ERR_INTERCHANGE_JSON`,
 * `ERR_INTERCHANGE_NOT_VCR` for the file; unless `skipBad`, `ERR_INTERCHANGE_ENTRY`, `ERR_INTERCHANGE_URL`,
 * `ERR_INTERCHANGE_BODY`, `ERR_INTERCHANGE_BOMB` for one of its entries
 *
 * @example
 * ```ts
 * const { interactions } = importVcr(readFileSync('test_agent.yaml', 'utf8'), { path: 'test_agent.yaml' })
 * ```
 */
export function importVcr(text: string, options: ImportOptions): ImportResult {
  return importEntries(vcr, [{ path: options.path, text }], options)
}

function listEntries({ path, text }: ForeignFile): RawEntry[] {
  const { root, locate } = readCassette(text, path)
  const list = isFileObject(root) ? root.interactions : undefined
  if (!Array.isArray(list) || holdsOtherCalls(list)) throw notVcr(path, root)
  return list.map((value, index) => ({
    place: { path, entry: `interactions[${index}]`, ...locate('interactions', index) },
    read: (place, budget) => readVcrEntry(value, place, budget),
  }))
}

function notVcr(path: string, root: FileValue): RetrialError {
  let reason = 'it has no list `interactions`'
  if (isFileObject(root) && Array.isArray(root.interactions)) reason = 'its interactions are no HTTP requests'
  else if (isFileObject(root) && Array.isArray(root.messages))
    reason = 'it holds messages between an SDK and a program of its own, and no HTTP'
  return new RetrialError('ERR_INTERCHANGE_NOT_VCR', `Failed to import the file: ${reason}`, {
    hint: 'Pass a cassette of VCR.py, version 1.',
    location: { path },
  })
}

/** Cassettes of VCR.py, and of pytest plug-ins on top of it. */
export const vcrFormat: ForeignFormat = {
  name: 'vcr',
  title: 'VCR.py cassette',
  detect(text) {
    if (isJsonCassette(text)) {
      const head = text.slice(0, 65_536)
      return /"interactions"\s*:\s*\[/.test(head) && /"uri"\s*:/.test(text)
    }
    // So deep stand the keys of a request; go-vcr has `url` there.
    return /^interactions:/m.test(text) && /^ {0,8}(?:- )?(?:uri:|kind: (?:message|close)$)/m.test(text)
  },
  import: importVcr,
  importFiles: (files, options) => importEntries(vcr, files, options),
}
