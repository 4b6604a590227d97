import { RetrialError } from '../../core/errors.ts'
import type { JsonValue } from '../../core/json.ts'
import { locateJsonError } from '../locate-json-error.ts'

/** Longest text that is taken, in UTF-16 units: a little below the longest string that V8 can hold. */
export const MAX_FILE_LENGTH = 512_000_000

/** The refusal of a file for its size, in bytes or UTF-16 units. */
export function tooLarge(path: string, size: number, limit: number = MAX_FILE_LENGTH): RetrialError {
  return new RetrialError(
    'ERR_INTERCHANGE_TOO_LARGE',
    `Failed to import the file: ${size} bytes are more than ${limit}`,
    { hint: 'Split it into one file per run.', location: { path } },
  )
}

/**
 * Parses the text of a file that has to be JSON; a byte order mark is allowed.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`, `ERR_INTERCHANGE_JSON` with line and column
 */
export function readJsonFile(text: string, path: string): JsonValue {
  if (text.length > MAX_FILE_LENGTH) throw tooLarge(path, text.length)
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
