import { readFile } from 'node:fs/promises'
import { type ErrorLocation, RetrialError } from '../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { locateJsonError } from '../interchange/locate-json-error.ts'
import { parseAsWritten } from './parse-as-written.ts'

/** Spans or log events of a file. */
export interface Entries {
  values: JsonObject[]
  /** The same value with each number as it stands in the file, to be printed; what is none of the entries comes back as it is. */
  asWritten(value: JsonObject | null): JsonValue
}

/**
 * Reads spans or log events from a file: a JSON array of objects, or JSON Lines with one object a line.
 * An empty file holds none.
 *
 * @throws RetrialError `ERR_CLI_DEBUG_FILE` when it cannot be read, `ERR_CLI_DEBUG_JSON` when it is not JSON,
 * `ERR_CLI_DEBUG_SHAPE` when it holds something else than objects.
 */
export async function readEntries(path: string): Promise<Entries> {
  const text = await readText(path)
  const values = parseEntries(text, path)
  const asWritten = (value: JsonObject | null): JsonValue => {
    const at = value === null ? -1 : values.indexOf(value)
    return at === -1 ? value : findAsWritten(withoutMark(text), at)
  }
  return { values, asWritten }
}

function findAsWritten(body: string, at: number): JsonValue {
  if (isArray(body)) return (parseAsWritten(body) as JsonValue[])[at] as JsonValue
  return parseAsWritten(body.split('\n').filter((line) => line.trim() !== '')[at] as string)
}

function withoutMark(text: string): string {
  return text.replace(/^\ufeff/, '')
}

function isArray(body: string): boolean {
  return body.trimStart().startsWith('[')
}

/** Reads a metrics snapshot: one JSON object. Throws as `readEntries` does. */
export async function readMetrics(path: string): Promise<JsonObject> {
  const value = parseAt(await readText(path), path, 0)
  if (isJsonObject(value)) return value
  throw shapeError({ path }, `a metrics snapshot is one JSON object, not ${kindOf(value)}`)
}

/** The entries of a text that is a JSON array or JSON Lines; `path` is for the errors. */
export function parseEntries(text: string, path: string): JsonObject[] {
  const body = withoutMark(text)
  if (isArray(body)) {
    const values = parseAt(body, path, 0)
    // Text that starts with a bracket and is JSON is an array.
    return (values as JsonValue[]).map((value, i) => requireObject(value, { path }, `entry ${i + 1}`))
  }
  const whole = tryParse(body)
  if (whole !== undefined && body.trim().includes('\n')) {
    throw shapeError({ path }, `it holds ${kindOf(whole)}, not an array`)
  }
  return body.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return []
    return [requireObject(parseAt(line, path, i), { path, line: i + 1 }, `line ${i + 1}`)]
  })
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'there is no such file' : (code ?? String(cause))
    throw new RetrialError('ERR_CLI_DEBUG_FILE', `Failed to read ${path}: ${reason}`, {
      hint: 'Pass the path of a file that exists and may be read.',
      location: { path },
      cause,
    })
  }
}

/** Parses JSON that begins on a line (counted from 0) of a file. */
function parseAt(text: string, path: string, lineIndex: number): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch (cause) {
    const place = locateJsonError(text)
    throw new RetrialError('ERR_CLI_DEBUG_JSON', `Failed to read ${path} as JSON`, {
      hint: 'Pass a JSON array, or JSON Lines with one object a line.',
      location: { path, line: lineIndex + place.line, column: place.column },
      cause,
    })
  }
}

function tryParse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

function requireObject(value: JsonValue, location: ErrorLocation, what: string): JsonObject {
  if (isJsonObject(value)) return value
  throw shapeError(location, `${what} is ${kindOf(value)}, not an object`)
}

function shapeError(location: ErrorLocation, reason: string): RetrialError {
  return new RetrialError('ERR_CLI_DEBUG_SHAPE', `Failed to use ${location.path}: ${reason}`, {
    hint: 'Pass spans and log events as a JSON array of objects or as JSON Lines, and metrics as one JSON object.',
    location,
  })
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'one object' : `a ${typeof value}`
}
