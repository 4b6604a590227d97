import { RetrialError } from '../../core/errors.ts'
import { isJsonObject, type JsonValue } from '../../core/json.ts'
import { locateJsonError } from '../locate-json-error.ts'

/** Longest text that is taken, in UTF-16 units: a little below the longest string that V8 can hold. */
export const MAX_HAR_LENGTH = 512_000_000

/**
 * Parses the text of a HAR file as far as its list of entries.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`, `ERR_INTERCHANGE_JSON` with line and column, `ERR_INTERCHANGE_NOT_HAR`
 */
export function readLog(text: string, path: string): JsonValue[] {
  if (text.length > MAX_HAR_LENGTH) throw tooLarge(path, text.length)
  const root = parseText(text, path)
  const log = isJsonObject(root) ? root.log : undefined
  const entries = isJsonObject(log) ? log.entries : undefined
  if (!Array.isArray(entries)) {
    throw new RetrialError('ERR_INTERCHANGE_NOT_HAR', 'Failed to import the file: it has no list log.entries', {
      hint: 'Export the traffic as HAR 1.2, with contents.',
      location: { path },
    })
  }
  return entries
}

/** The refusal of a file for its size, in bytes or UTF-16 units. */
export function tooLarge(path: string, size: number): RetrialError {
  return new RetrialError(
    'ERR_INTERCHANGE_TOO_LARGE',
    `Failed to import the file: ${size} bytes are more than ${MAX_HAR_LENGTH}`,
    { hint: 'Split the HAR into one file per run.', location: { path } },
  )
}

function parseText(text: string, path: string): JsonValue {
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text
  try {
    return JSON.parse(json) as JsonValue
  } catch (cause) {
    throw new RetrialError('ERR_INTERCHANGE_JSON', 'Failed to import the file: it is not JSON', {
      hint: 'Check that the file is complete: an export that was interrupted ends early.',
      location: { path, ...locateJsonError(json) },
      cause,
    })
  }
}
