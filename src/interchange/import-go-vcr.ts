import { RetrialError } from '../core/errors.ts'
import { type FileObject, type FileValue, isFileObject } from './cassettes/file-value.ts'
import { readCassette } from './cassettes/read-cassette.ts'
import { headersAt, holdsOtherCalls, objectAt, textAt } from './cassettes/read-parts.ts'
import { buildEntry, type ForeignBody } from './entries/build-entry.ts'
import { type EntryPlace, type EntryTimes, entryError, type ReadEntry } from './entries/entry.ts'
import { type EntryFormat, importEntries, type RawEntry } from './entries/import-entries.ts'
import type { Budget } from './entries/remove-coding.ts'
import type { ForeignFile, ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'

const NOUN = 'the cassette'

const goVcr: EntryFormat = { noun: NOUN, list: (file) => ({ entries: listEntries(file) }) }

/**
 * Reads a cassette of go-vcr (formats 1 and 2, which its versions 1 to 4 write) as a run.
 *
 * A cassette tells how long an answer took to begin, not when: requests stand in the order of their recording, one after the other.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`, `ERR_INTERCHANGE_YAML`, `ERR_INTERCHANGE_JSON`,
 * `ERR_INTERCHANGE_NOT_VCR` for the file; unless `skipBad`, `ERR_INTERCHANGE_ENTRY`, `ERR_INTERCHANGE_URL`, `ERR_INTERCHANGE_BODY`, `ERR_INTERCHANGE_BOMB`
 * for one of its entries
 */
export function importGoVcr(text: string, options: ImportOptions): ImportResult {
  return importEntries(goVcr, [{ path: options.path, text }], options)
}

function listEntries({ path, text }: ForeignFile): RawEntry[] {
  const { root, locate } = readCassette(text, path)
  const { version, interactions } = isFileObject(root) ? root : ({} as FileObject)
  // go-vcr writes `interactions: []` for a cassette without any.
  if (!Array.isArray(interactions) || (version !== 1 && version !== 2)) throw notGoVcr(path, version)
  if (holdsOtherCalls(interactions)) throw notGoVcr(path, version, 'its interactions are no HTTP requests')
  return interactions.map((value, index) => ({
    place: { path, entry: `interactions[${index}]`, ...locate('interactions', index) },
    read: (place, budget) => readGoVcrEntry(value, place, budget),
  }))
}

function notGoVcr(
  path: string,
  version: FileValue | undefined,
  reason = version === undefined || version === 1 || version === 2
    ? 'it has no version and list `interactions`'
    : `version ${JSON.stringify(version)} of the format is not known`,
): RetrialError {
  return new RetrialError('ERR_INTERCHANGE_NOT_VCR', `Failed to import the file: ${reason}`, {
    hint: 'Pass a cassette of go-vcr, format 1 or 2.',
    location: { path },
  })
}

function readGoVcrEntry(entry: FileValue, place: EntryPlace, budget: Budget): ReadEntry {
  const request = objectAt(entry, 'request', place)
  const response = objectAt(entry, 'response', place)
  const status = response.code
  if (typeof status !== 'number') throw entryError(place, 'ERR_INTERCHANGE_ENTRY', 'response.code: is no number')
  const exchange = {
    noun: NOUN,
    method: textAt(request, 'method', place),
    url: textAt(request, 'url', place),
    headers: headersAt(request, 'headers', place),
    body: readBody(request, 'request', place),
    status,
    // Written as `200 OK`.
    status_text: String(response.status ?? '').replace(/^\d{3}\s*/, ''),
    answer_headers: headersAt(response, 'headers', place),
    answer_body: readBody(response, 'response', place),
    times: readTimes(response.duration),
  }
  return buildEntry(exchange, place, budget)
}

function readBody(part: FileObject, what: string, place: EntryPlace): ForeignBody {
  const body = part.body ?? ''
  if (typeof body === 'string') return { kind: 'text', text: body }
  if (body instanceof Uint8Array) return { kind: 'bytes', bytes: Buffer.from(body), certain: false }
  throw entryError(place, 'ERR_INTERCHANGE_BODY', `${what}.body: is neither text nor bytes`)
}

function readTimes(duration: FileValue | undefined): EntryTimes {
  const total = typeof duration === 'number' ? duration / 1e6 : parseDuration(String(duration ?? ''))
  return { started_at: null, headers_ms: total ?? 0, total_ms: total ?? 0, measured: total !== null }
}

const UNITS: Record<string, number> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  μs: 0.001,
  ns: 1e-6,
}

/** Reads a duration as Go prints it (`1m2.5s`, `426.384145ms`), in ms to the microsecond; null for anything else. */
function parseDuration(text: string): number | null {
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|μs|ns))+$/.test(text)) return null
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|μs|ns)/g)) {
    total += Number(amount) * (UNITS[unit ?? ''] ?? 0)
  }
  return Math.round(total * 1000) / 1000
}

/** Cassettes of go-vcr, as docker's cagent keeps them. */
export const goVcrFormat: ForeignFormat = {
  name: 'go-vcr',
  title: 'go-vcr cassette',
  // Its version stands first; that of VCR.py stands last.
  detect(text) {
    const head = text.slice(0, 65_536)
    return /^version: [12]\r?\ninteractions:/m.test(head) || /^\s*\{\s*"version":\s*[12],\s*"interactions":/.test(head)
  },
  import: importGoVcr,
  importFiles: (files, options) => importEntries(goVcr, files, options),
}
