import { buildEntry, type ForeignBody, NO_TIMES } from '../entries/build-entry.ts'
import { notHttp } from '../entries/describe-entry.ts'
import { type EntryPlace, entryError, type ReadEntry } from '../entries/entry.ts'
import type { Budget } from '../entries/remove-coding.ts'
import { type FileObject, type FileValue, isFileObject } from './file-value.ts'
import { headersAt, objectAt, rebuildBody, textAt } from './read-parts.ts'

/**
 * Reads one item of `interactions` of a VCR.py cassette.
 *
 * @throws RetrialError `ERR_INTERCHANGE_ENTRY`, `ERR_INTERCHANGE_URL`, `ERR_INTERCHANGE_BODY`, `ERR_INTERCHANGE_BOMB`
 */
export function readVcrEntry(entry: FileValue, place: EntryPlace, budget: Budget): ReadEntry {
  // pydantic-ai keeps the messages of a web socket between the requests.
  if (isFileObject(entry) && entry.request === undefined && typeof entry.kind === 'string') {
    return { times: NO_TIMES, order: 0, interaction: null, remarks: [notHttp('wss:')] }
  }
  const request = objectAt(entry, 'request', place)
  const response = objectAt(entry, 'response', place)
  return buildEntry(
    {
      noun: 'the cassette',
      method: textAt(request, 'method', place),
      url: textAt(request, 'uri', place),
      headers: headersAt(request, 'headers', place),
      body: readBody(request, 'request', place),
      ...readStatus(response, place),
      answer_headers: headersAt(response, 'headers', place),
      answer_body: readBody(response, 'response', place),
      times: NO_TIMES,
    },
    place,
    budget,
  )
}

/** `status: {code, message}`; versions 4 to 6 wrote `status_code` for httpx. */
function readStatus(response: FileObject, place: EntryPlace): { status: number; status_text: string } {
  const status = isFileObject(response.status) ? response.status.code : response.status_code
  if (typeof status !== 'number') throw entryError(place, 'ERR_INTERCHANGE_ENTRY', 'response.status: has no code')
  const message = isFileObject(response.status) ? response.status.message : ''
  return { status, status_text: typeof message === 'string' ? message : '' }
}

/** `body` as text, bytes or `{string}`, `content` (httpx, versions 4 to 6), or `parsed_body`. */
function readBody(part: FileObject, what: string, place: EntryPlace): ForeignBody {
  if (part.parsed_body !== undefined) return rebuildBody(part.parsed_body, place)
  const given = part.body ?? part.content ?? null
  const body = isFileObject(given) && 'string' in given ? (given.string ?? null) : given
  if (body === null) return { kind: 'none' }
  if (typeof body === 'string') return { kind: 'text', text: body }
  // Whether vcrpy had removed the coding is not written down: bytes that decode have it.
  if (body instanceof Uint8Array) return { kind: 'bytes', bytes: Buffer.from(body), certain: false }
  if (what === 'request' && typeof body === 'object') return rebuildBody(body, place)
  throw entryError(place, 'ERR_INTERCHANGE_BODY', `${what}.body: is neither text nor bytes`)
}
