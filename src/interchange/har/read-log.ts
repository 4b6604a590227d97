import { RetrialError } from '../../core/errors.ts'
import { isJsonObject, type JsonValue } from '../../core/json.ts'
import { readJsonFile } from '../entries/read-json-file.ts'

/**
 * Parses the text of a HAR file as far as its list of entries, and what an export of ours says beside it.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`, `ERR_INTERCHANGE_JSON` with line and column, `ERR_INTERCHANGE_NOT_HAR`
 */
export function readLog(text: string, path: string): { entries: JsonValue[]; _retrial: JsonValue | undefined } {
  const root = readJsonFile(text, path)
  const log = isJsonObject(root) ? root.log : undefined
  const entries = isJsonObject(log) ? log.entries : undefined
  if (!Array.isArray(entries)) {
    throw new RetrialError('ERR_INTERCHANGE_NOT_HAR', 'Failed to import the file: it has no list log.entries', {
      hint: 'Export the traffic as HAR 1.2, with contents.',
      location: { path },
    })
  }
  return { entries, _retrial: isJsonObject(log) ? log._retrial : undefined }
}
