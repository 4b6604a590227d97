import {
  type HttpAnswer,
  type HttpRequest,
  headerValue,
  type InteractionEnd,
  payloadBytes,
  toPayload,
} from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import { listRequests, type RequestOverHttp, reportExport } from './entries/report-export.ts'
import type { ExportContext, ExportFormat, ExportResult } from './export-format.ts'
import { writeFields, writeHeaders } from './har/retrial-fields.ts'

/**
 * Writes a recording as HAR 1.2, for browsers, proxies and Polly.js. What HAR has no place for (chunks with their times, trailers,
 * who called) is kept in fields `_retrial`, which an import of ours reads again and other tools pass over. Calls of wrapped
 * functions, the agent's input and output, notes and what was drawn at random are lost, and the result says so.
 */
export function exportHar(recording: Recording, context: ExportContext): ExportResult {
  const requests = listRequests(recording.interactions)
  const log = {
    version: '1.2',
    creator: { name: 'retrial', version: context.version },
    entries: requests.map((one, order) => writeEntry(one, order, recording.run.started_at)),
    _retrial: { run: recording.run },
  }
  const { kept, lost } = reportExport(recording)
  return { text: `${JSON.stringify({ log }, null, 2)}\n`, kept, lost }
}

function writeEntry(one: RequestOverHttp, order: number, startedAt: number): unknown {
  const { request, answer, end } = one
  const total = end?.offset_ms ?? answer?.chunks.at(-1)?.[0] ?? answer?.headers_ms ?? 0
  const wait = Math.min(answer?.headers_ms ?? total, total)
  return {
    startedDateTime: toDate(startedAt + one.started_ms),
    time: total,
    request: writeRequest(request),
    response: writeResponse(answer, end),
    cache: {},
    timings: { blocked: -1, dns: -1, connect: -1, ssl: -1, send: 0, wait, receive: total - wait },
    _order: order,
    _retrial: writeFields(one),
  }
}

/** With microseconds, which `Date` does not write: they still tell the order of concurrent calls. */
function toDate(ms: number): string {
  const micros = Math.round((ms - Math.floor(ms)) * 1000)
  const date = new Date(Math.floor(ms) + Math.floor(micros / 1000)).toISOString()
  return micros % 1000 === 0 ? date : date.replace('Z', `${String(micros % 1000).padStart(3, '0')}Z`)
}

function writeRequest({ method, url, headers, body }: HttpRequest): unknown {
  const mimeType = headerValue(headers, 'content-type') ?? ''
  const bytes = body === null ? null : payloadBytes(body)
  const postData =
    body === null || bytes === null
      ? undefined
      : 'text' in body
        ? { mimeType, text: body.text }
        : { mimeType, text: body.base64, encoding: 'base64' }
  return {
    method,
    url,
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: writeHeaders(headers),
    queryString: [...(URL.parse(url)?.searchParams ?? [])].map(([name, value]) => ({ name, value })),
    headersSize: -1,
    bodySize: bytes?.length ?? 0,
    ...(postData !== undefined && { postData }),
  }
}

function writeResponse(answer: HttpAnswer | null, end: InteractionEnd | null): unknown {
  const headers = answer?.headers ?? []
  const bytes = Buffer.concat((answer?.chunks ?? []).map(([, data]) => payloadBytes(data)))
  const payload = toPayload(bytes)
  const text = 'text' in payload ? { text: payload.text } : { text: payload.base64, encoding: 'base64' }
  return {
    status: answer?.status ?? 0,
    statusText: answer?.status_text ?? '',
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: writeHeaders(headers),
    content: {
      size: bytes.length,
      mimeType: headerValue(headers, 'content-type') ?? '',
      ...(bytes.length > 0 && text),
    },
    redirectURL: headerValue(headers, 'location') ?? '',
    headersSize: -1,
    bodySize: -1,
    ...errorOf(end),
  }
}

/** `_error` is the word of Chrome's HAR export for what went wrong in the network. */
function errorOf(end: InteractionEnd | null): { _error?: string } {
  if (end === null) return { _error: 'the process ended before the answer was complete' }
  if (end.kind === 'aborted') return { _error: 'net::ERR_ABORTED' }
  if (end.kind === 'complete') return {}
  const code = end.error?.code
  return { _error: `${code === undefined ? '' : `${code}: `}${end.error?.message ?? end.kind}` }
}

/** HAR 1.2, the HTTP archive of browsers, proxies and Polly.js. */
export const harExport: ExportFormat = { name: 'har', title: 'HAR 1.2', export: exportHar }
