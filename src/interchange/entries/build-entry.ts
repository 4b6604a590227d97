import { parseJson } from '../../core/json.ts'
import {
  type HeaderList,
  type HttpAnswer,
  type HttpRequest,
  headerValue,
  type Payload,
  toPayload,
} from '../../model/interaction.ts'
import { textPayload } from './decode-text.ts'
import { isHttp, lossy, normalMethod, notHttp, readUrl, remarksOfAnswer } from './describe-entry.ts'
import { type EntryPlace, type EntryTimes, entryError, type ReadEntry, type Remark } from './entry.ts'
import { type ForeignHeaders, readHeaders } from './read-headers.ts'
import { type Budget, removeCoding } from './remove-coding.ts'

/** A body as another tool kept it. */
export type ForeignBody =
  | { kind: 'none' }
  /** There may have been one; only of a request. */
  | { kind: 'unknown' }
  | { kind: 'text'; text: string }
  /** `certain`: these are the bytes as they came over the wire, content coding and all. */
  | { kind: 'bytes'; bytes: Buffer; certain: boolean }
  /** The parsed body, written again as text. */
  | { kind: 'rebuilt'; text: string }

/** A recorded exchange, whatever file it stands in. */
export interface ForeignExchange {
  /** What people call a file of the format: `the cassette`. */
  noun: string
  method: string
  url: string
  headers: ForeignHeaders
  body: ForeignBody
  status: number
  status_text: string
  answer_headers: ForeignHeaders
  answer_body: ForeignBody
  times: EntryTimes
}

/** Times of a format that tells none. */
export const NO_TIMES: EntryTimes = { started_at: null, headers_ms: 0, total_ms: 0, measured: false }

/**
 * Makes an interaction of an exchange; the answer's content coding is removed.
 *
 * @throws RetrialError `ERR_INTERCHANGE_ENTRY`, `ERR_INTERCHANGE_URL`, `ERR_INTERCHANGE_BODY`, `ERR_INTERCHANGE_BOMB`
 */
export function buildEntry(exchange: ForeignExchange, where: EntryPlace, budget: Budget): ReadEntry {
  const { noun, times } = exchange
  const url = readUrl(exchange.url, where)
  const place: EntryPlace = { ...where, label: `${exchange.method} ${url.origin}${url.pathname}` }
  if (!isHttp(url.protocol)) return { times, order: 0, interaction: null, remarks: [notHttp(url.protocol)] }
  if (exchange.status === 101) return { times, order: 0, interaction: null, remarks: [notHttp('wss:')] }
  checkHead(exchange, place)
  const remarks: Remark[] = []
  if (times.started_at === null)
    remarks.push({ code: 'start_unknown', message: 'taken to start when the entry before it ended' })
  if (!times.measured) remarks.push({ code: 'duration_unknown', message: `${noun} has no times; taken as 0 ms` })

  if (exchange.headers.length === 0)
    remarks.push({ code: 'request_headers_missing', message: `${noun} does not hold the headers of the request` })

  const method = normalMethod(exchange.method)
  const body = readRequestBody(exchange.body, remarks)
  const request: HttpRequest = { method, url: url.href, headers: readHeaders(exchange.headers, place), body }
  const headers = readHeaders(exchange.answer_headers, place)
  const payload = readAnswerBody(exchange.answer_body, { place, headers, budget, remarks })
  const type = payload === null || headerValue(headers, 'content-type') !== undefined ? null : typeByLook(payload)
  if (type !== null) {
    headers.push(['content-type', type])
    remarks.push({
      code: 'content_type_guessed',
      message: `${noun} does not hold the type of the answer; told by its look`,
    })
  }
  const answer: HttpAnswer = {
    status: exchange.status,
    status_text: exchange.status_text.replace(/[\r\n]+/g, ' '),
    headers,
    headers_ms: times.headers_ms,
    chunks: payload === null ? [] : [[times.total_ms, payload]],
  }
  const isMissing = payload === null && wantsBody(method, answer)
  if (isMissing) {
    remarks.push({ code: 'answer_body_missing', message: `${noun} does not hold the body of the answer`, gap: true })
  }
  remarks.push(...remarksOfAnswer(answer))
  // Without its body an answer is not complete: `null` keeps it from being served as empty.
  const end = isMissing ? null : ({ kind: 'complete', offset_ms: times.total_ms } as const)
  return { times, order: 0, interaction: { kind: 'http', door: 'fetch', request, answer, end }, remarks }
}

function checkHead({ method, status }: ForeignExchange, place: EntryPlace): void {
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(method)) {
    throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `${JSON.stringify(method)} is no HTTP method`)
  }
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `${status} is no HTTP status`)
  }
}

function readRequestBody(body: ForeignBody, remarks: Remark[]): Payload | null {
  if (body.kind === 'none') return null
  if (body.kind === 'unknown') {
    remarks.push({ code: 'request_body_missing', message: 'the file does not hold the body of the request', gap: true })
    return null
  }
  if (body.kind === 'bytes') return body.bytes.length === 0 ? null : toPayload(body.bytes)
  if (body.kind === 'rebuilt') {
    remarks.push({ code: 'request_body_rebuilt', message: 'the body was written again from its parsed form' })
  }
  return readText(body.text, 'request', remarks)
}

interface AnswerContext {
  place: EntryPlace
  headers: HeaderList
  budget: Budget
  remarks: Remark[]
}

function readAnswerBody(body: ForeignBody, { place, headers, budget, remarks }: AnswerContext): Payload | null {
  if (body.kind === 'none' || body.kind === 'unknown') return null
  if (body.kind === 'rebuilt') {
    remarks.push({ code: 'answer_body_rebuilt', message: 'the body was written again from its parsed form' })
    return readText(body.text, 'answer', remarks)
  }
  // Text that a tool could write as text has no coding any more, whatever its header says.
  if (body.kind === 'text') return readText(body.text, 'answer', remarks)
  const coding = headers.filter(([name]) => name === 'content-encoding').map(([, value]) => value)
  const uncoded = removeCoding(body.bytes, coding.join(','), body.certain, -1, budget)
  if ('failure' in uncoded) {
    const code = uncoded.failure === 'bomb' ? 'ERR_INTERCHANGE_BOMB' : 'ERR_INTERCHANGE_BODY'
    throw entryError(place, code, uncoded.reason)
  }
  return uncoded.bytes.length === 0 ? null : toPayload(uncoded.bytes)
}

function readText(text: string, what: 'request' | 'answer', remarks: Remark[]): Payload | null {
  if (text === '') return null
  const read = textPayload(text)
  if (read.lossy) remarks.push(lossy(what))
  return read.payload
}

/** Clients read JSON only if it is called so. Null when the look of a body does not tell. */
function typeByLook(payload: Payload): string | null {
  if (!('text' in payload)) return null
  if (/^(?:event|data|id|retry)?:/.test(payload.text)) return 'text/event-stream'
  return /^\s*[[{]/.test(payload.text) && parseJson(payload.text) !== undefined ? 'application/json' : null
}

/** True for an answer whose headers say that it had a body. */
function wantsBody(method: string, { status, headers }: HttpAnswer): boolean {
  if (method === 'HEAD' || status === 204 || status === 205 || status === 304) return false
  const length = headerValue(headers, 'content-length')
  if (length !== undefined) return Number(length) > 0
  if (headerValue(headers, 'transfer-encoding') !== undefined) return true
  return /json|event-?stream/.test(headerValue(headers, 'content-type') ?? '')
}
