import type { JsonValue } from '../../core/json.ts'
import { type HttpAnswer, type HttpRequest, payloadBytes } from '../../model/interaction.ts'
import { isHttp, lossy, normalMethod, notHttp, readUrl, remarksOfAnswer } from '../entries/describe-entry.ts'
import { type EntryPlace, type EntryTimes, entryError, type ReadEntry, type Remark } from '../entries/entry.ts'
import { readHeaders } from '../entries/read-headers.ts'
import type { Budget } from '../entries/remove-coding.ts'
import { type HarEntry, harEntrySchema } from './har-entry.ts'
import { readEnd } from './network-error.ts'
import { type AnswerBody, readAnswerBody } from './read-answer-body.ts'
import { readRequestBody } from './read-request-body.ts'
import { readTimes } from './read-times.ts'
import { cutBody, type EntryFields, readFields } from './retrial-fields.ts'

/**
 * Reads one entry of a HAR log.
 *
 * @throws RetrialError `ERR_INTERCHANGE_ENTRY`, `ERR_INTERCHANGE_URL`, `ERR_INTERCHANGE_BODY`, `ERR_INTERCHANGE_BOMB`
 */
export function readEntry(value: JsonValue, where: EntryPlace, budget: Budget): ReadEntry {
  const entry = parseEntry(value, where)
  const url = readUrl(entry.request.url, where)
  const place: EntryPlace = { ...where, label: `${entry.request.method} ${url.origin}${url.pathname}` }
  const times = readTimes(entry)
  const order = entry._order ?? 0
  const remarks: Remark[] = []
  if (times.started_at === null)
    remarks.push({ code: 'start_unknown', message: 'taken to start when the entry before it ended' })
  if (!times.measured) remarks.push({ code: 'duration_unknown', message: 'the HAR has no times; taken as 0 ms' })
  if (!isHttp(url.protocol)) return { times, order, interaction: null, remarks: [notHttp(url.protocol)] }
  if (entry.response.status === 101) return { times, order, interaction: null, remarks: [notHttp('wss:')] }

  const request = readRequest(entry, url, place, remarks)
  const own = readFields(entry._retrial)
  const answer = readAnswer(entry, times, { place, budget, remarks, isOwn: own !== null })
  if (own !== null) {
    const interaction = asRecorded(own, request, answer)
    if (interaction !== null) return { times, order, interaction, remarks: [] }
  }
  const bodyKnown = !remarks.some((remark) => remark.code === 'answer_body_missing')
  // Without its body an answer is not complete, whatever the HAR says: `null` keeps it from being served as empty.
  const end = bodyKnown ? readEnd(entry.response, times.total_ms) : null
  return { times, order, interaction: { kind: 'http', door: 'fetch', request, answer, end }, remarks }
}

/** The interaction that an export of ours was made from; null when the entry has been changed since. */
function asRecorded(own: EntryFields, request: HttpRequest, answer: HttpAnswer | null): ReadEntry['interaction'] {
  const mayEnd = answer === null ? ['failed', 'aborted'] : ['complete', 'aborted', 'cut']
  if (own.end !== null && !mayEnd.includes(own.end.kind)) return null
  const rest = { kind: 'http', door: own.door, request, end: own.end } as const
  if (answer === null || own.answer === null) return answer === own.answer ? { ...rest, answer: null } : null
  const { headers_ms, chunks: lengths, ...beyond } = own.answer
  const chunks = cutBody(Buffer.concat(answer.chunks.map(([, data]) => payloadBytes(data))), lengths)
  return chunks === null ? null : { ...rest, answer: { ...answer, headers_ms, chunks, ...beyond } }
}

function parseEntry(value: JsonValue, place: EntryPlace): HarEntry {
  const parsed = harEntrySchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = issue?.path.length ? `${issue.path.join('.')}: ` : ''
  throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `${where}${issue?.message ?? 'is no entry'}`, parsed.error)
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

interface AnswerContext {
  place: EntryPlace
  budget: Budget
  remarks: Remark[]
  /** Whether retrial wrote the entry: then the body stands there without its coding, whatever the header says. */
  isOwn: boolean
}

function readAnswer(entry: HarEntry, times: EntryTimes, context: AnswerContext): HttpAnswer | null {
  const { response } = entry
  if (response.status <= 0) return null
  const { place, budget, remarks } = context
  const headers = readHeaders(response.headers, place)
  const method = normalMethod(entry.request.method)
  const coded = context.isOwn ? headers.filter(([name]) => name !== 'content-encoding') : headers
  const body = readAnswerBody(response, { method, headers: coded, place, budget })
  const answer: HttpAnswer = {
    status: response.status,
    status_text: (response.statusText ?? '').replace(/[\r\n]+/g, ' '),
    headers,
    headers_ms: times.headers_ms,
    chunks: body.payload === null ? [] : [[times.total_ms, body.payload]],
  }
  remarks.push(...bodyRemarks(body), ...remarksOfAnswer(answer))
  return answer
}

function bodyRemarks({ remark }: AnswerBody): Remark[] {
  if (remark === null) return []
  if (remark === 'lossy') return [lossy('answer')]
  return [{ code: 'answer_body_missing', message: 'the HAR does not hold the body of the answer', gap: true }]
}
