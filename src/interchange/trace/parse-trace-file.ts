import { RetrialError } from '../../core/errors.ts'
import type { JsonValue } from '../../core/json.ts'
import { MAX_FILE_LENGTH, tooLarge } from '../entries/read-json-file.ts'
import { locateJsonError } from '../locate-json-error.ts'
import { findTooDeep } from './nesting.ts'

/** Deepest nesting that is taken: whatever walks over a value can do so without an end of the stack, and a recording can hold it. */
const MAX_NESTING = 100

/**
 * Parses a file that is one JSON value, or JSON Lines: then each line is a value. A byte order mark is allowed.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`; `ERR_INTERCHANGE_NESTING` and `ERR_INTERCHANGE_JSON` with line and column
 */
export function parseTraceFile(text: string, path: string): JsonValue[] {
  if (text.length > MAX_FILE_LENGTH) throw tooLarge(path, text.length)
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text
  const deep = findTooDeep(body, MAX_NESTING)
  if (deep !== -1) throw tooDeep(body, path, deep)
  const whole = tryParse(body)
  if (whole !== undefined) return [whole]
  const lines = body.split('\n')
  // Of a file whose first line is a value, the place of an error is that within its line.
  const isLines = /^\s*[[{]/.test(lines[0] ?? '') && tryParse(lines[0] ?? '') !== undefined
  if (!isLines) throw notJson(body, path, 0)
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const value = tryParse(line)
    if (value === undefined) throw notJson(line, path, index)
    return [value]
  })
}

function tryParse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

function notJson(text: string, path: string, lineIndex: number): RetrialError {
  const place = locateJsonError(text)
  return new RetrialError('ERR_INTERCHANGE_JSON', 'Failed to import the file: it is not JSON', {
    hint: 'Check that the file is complete: an export that was interrupted ends early.',
    location: { path, line: lineIndex + place.line, column: place.column },
  })
}

function tooDeep(text: string, path: string, at: number): RetrialError {
  const before = text.slice(0, at).split('\n')
  return new RetrialError(
    'ERR_INTERCHANGE_NESTING',
    `Failed to import the file: it is nested more than ${MAX_NESTING} deep`,
    {
      hint: 'Remove that value: no trace of an agent needs it.',
      location: { path, line: before.length, column: (before.at(-1) as string).length + 1 },
    },
  )
}

/** The refusal of a file that is JSON but not of the format, or not in that place. */
export function notOfFormat(title: string, path: string, reason: string, hint?: string): RetrialError {
  return new RetrialError('ERR_INTERCHANGE_TRACE', `Failed to import the file as ${title}: ${reason}`, {
    hint: hint ?? 'Name the format that the file has, or export it again.',
    location: { path },
  })
}
