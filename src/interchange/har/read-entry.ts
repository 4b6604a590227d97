import type { JsonValue } from '../../core/json.ts'
import {
  answerText,
  type HttpAnswer,
  type HttpInteraction,
  type HttpRequest,
  headerValue,
} from '../../model/interaction.ts'
import { type EntryPlace, entryError, type HarEntry, harEntrySchema } from './har-entry.ts'
import { readEnd } from './network-error.ts'
import { type AnswerBody, readAnswerBody } from './read-answer-body.ts'
import { readHeaders } from './read-headers.ts'
import { readRequestBody } from './read-request-body.ts'
import { type EntryTimes, readTimes } from './read-times.ts'
import type { Budget } from './remove-coding.ts'

/** Something to tell about one entry; the offset and the interaction's id are added later. */
export interface Remark {
  code: string
  message: string
  /** True when a replay would miss something because of it. */
  gap?: boolean
}

/** An entry as an interaction that does not know its place in the run yet. */
export interface ReadEntry {
  times: EntryTimes
  /** Order that the tool gives to entries of the same time. */
  order: number
  /** Null for what is no HTTP request (`wss:`, `data:`). */
  interaction: Omit<HttpInteraction, 'id' | 'started_ms'> | null
  remarks: Remark[]
}

/**
 * Reads one entry of a HAR log.
 *
 * @throws RetrialError `ERR_INTERCHANGE_ENTRY`, `ERR_INTERCHANGE_URL`, `ERR_INTERCHANGE_BODY`, `ERR_INTERCHANGE_BOMB`
 */
export function readEntry(value: JsonValue, path: string, index: number, budget: Budget): ReadEntry {
  const entry = parseEntry(value, { path, index })
  const url = parseUrl(entry.request.url, { path, index })
  const place: EntryPlace = { path, index, label: `${entry.request.method} ${url.origin}${url.pathname}` }
  const times = readTimes(entry)
  const order = entry._order ?? 0
  const remarks: Remark[] = []
  if (times.started_at === null)
    remarks.push({ code: 'start_unknown', message: 'taken to start when the entry before it ended' })
  if (!times.measured) remarks.push({ code: 'duration_unknown', message: 'the HAR has no times; taken as 0 ms' })
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { times, order, interaction: null, remarks: [notHttp(url.protocol)] }
  }
  if (entry.response.status === 101) return { times, order, interaction: null, remarks: [notHttp('wss:')] }

  const request = readRequest(entry, url, place, remarks)
  const answer = readAnswer(entry, times, { place, budget, remarks })
  const bodyKnown = !remarks.some((remark) => remark.code === 'answer_body_missing')
  // Without its body an answer is not complete, whatever the HAR says: `null` keeps it from being served as empty.
  const end = bodyKnown ? readEnd(entry.response, times.total_ms) : null
  return { times, order, interaction: { kind: 'http', door: 'fetch', request, answer, end }, remarks }
}

function parseEntry(value: JsonValue, place: EntryPlace): HarEntry {
  const parsed = harEntrySchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = issue?.path.length ? `${issue.path.join('.')}: ` : ''
  throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `${where}${issue?.message ?? 'is no entry'}`, parsed.error)
}

function parseUrl(text: string, place: EntryPlace): URL {
  const url = URL.parse(text)
  if (url === null) {
    const shown = JSON.stringify(text.replace(/[?#].*$/s, '').slice(0, 200))
    throw entryError(place, 'ERR_INTERCHANGE_URL', `${shown} is no absolute URL`)
  }
  // The fragment never leaves the client.
  url.hash = ''
  return url
}

function notHttp(protocol: string): Remark {
  return protocol === 'ws:' || protocol === 'wss:'
    ? { code: 'websocket', message: 'a web socket; its messages are not imported', gap: true }
    : { code: 'not_http', message: `left out: ${protocol} is no request over the network` }
}

function readRequest(entry: HarEntry, url: URL, place: EntryPlace, remarks: Remark[]): HttpRequest {
  const { body, remark } = readRequestBody(entry.request, place)
  const method = normalMethod(entry.request.method)
  if (remark === 'missing') {
    remarks.push({ code: 'request_body_missing', message: 'the HAR does not hold the body of the request', gap: true })
  }
  if (remark === 'rebuilt') {
    remarks.push({ code: 'request_body_rebuilt', message: 'the body was rebuilt from its form parameters' })
  }
  if (remark === 'lossy') remarks.push(lossy('request'))
  return { method, url: url.href, headers: readHeaders(entry.request.headers, place), body }
}

// As `fetch` does: these methods are the same in any case, others are not.
function normalMethod(method: string): string {
  const upper = method.toUpperCase()
  return ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'].includes(upper) ? upper : method
}

function lossy(what: string): Remark {
  return { code: 'lossy', message: `half surrogates in the body of the ${what} became U+FFFD`, gap: true }
}

interface AnswerContext {
  place: EntryPlace
  budget: Budget
  remarks: Remark[]
}

function readAnswer(entry: HarEntry, times: EntryTimes, context: AnswerContext): HttpAnswer | null {
  const { response } = entry
  if (response.status <= 0) return null
  const { place, budget, remarks } = context
  const headers = readHeaders(response.headers, place)
  const body = readAnswerBody(response, { method: normalMethod(entry.request.method), headers, place, budget })
  const answer: HttpAnswer = {
    status: response.status,
    status_text: (response.statusText ?? '').replace(/[\r\n]+/g, ' '),
    headers,
    headers_ms: times.headers_ms,
    chunks: body.payload === null ? [] : [[times.total_ms, body.payload]],
  }
  remarks.push(...answerRemarks(answer, body))
  return answer
}

function answerRemarks(answer: HttpAnswer, body: AnswerBody): Remark[] {
  const remarks: Remark[] = []
  if (body.remark === 'missing') {
    remarks.push({ code: 'answer_body_missing', message: 'the HAR does not hold the body of the answer', gap: true })
  }
  if (body.remark === 'lossy') remarks.push(lossy('answer'))
  if (body.payload !== null && isStream(answer)) {
    remarks.push({ code: 'chunk_times_unknown', message: 'a streamed answer, taken as one chunk at its end' })
  }
  if (answer.status >= 300 && answer.status < 400 && headerValue(answer.headers, 'location') !== undefined) {
    remarks.push({ code: 'redirect', message: 'a redirect; the request that followed it stands by itself' })
  }
  return remarks
}

/** True for an answer that clients read while it comes: SSE, an AWS event stream, JSON lines. */
function isStream(answer: HttpAnswer): boolean {
  const type = headerValue(answer.headers, 'content-type') ?? ''
  if (/event-?stream|stream\+json|ndjson|jsonl|json-seq/i.test(type)) return true
  return type === '' && /^(data|event):/.test(answerText(answer))
}
