import { type JsonValue, parseJson } from '../core/json.ts'
import {
  type HttpAnswer,
  type HttpInteraction,
  headerValue,
  type Payload,
  payloadBytes,
  toPayload,
} from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import { listRequests, reportExport } from './entries/report-export.ts'
import type { ExportFormat, ExportResult } from './export-format.ts'

/**
 * Writes a recording as a fixture of nock: `nock.define(JSON.parse(text))` serves each answer once, equal requests in the order
 * of their recording. As nock does itself, it keeps JSON bodies parsed and knows neither times nor chunks nor broken connections; request
 * headers are left out, because nock would demand them. The result says what is lost.
 */
export function exportNock(recording: Recording): ExportResult {
  const requests = listRequests(recording.interactions)
  const answered = requests.filter(hasWholeAnswer)
  const { lost } = reportExport(recording)
  const left = requests.length - answered.length
  if (left > 0) lost.unshift(`requests without a whole answer (${left}): nock would send them nowhere`)
  lost.push('times, chunks and request headers')
  if (answered.some(isRedirected)) lost.push('the URLs that redirects led to')
  if (answered.some(({ answer }) => (answer?.information ?? answer?.trailers) !== undefined))
    lost.push('informational answers and trailers')
  const multipart = answered.filter(isMultipart).length
  if (multipart > 0)
    lost.push(`that multipart bodies are equal whatever their boundary (${multipart}): nock compares it`)
  const text = `${JSON.stringify(answered.map(writeDefinition), null, 2)}\n`
  return { text, kept: [`${answered.length} request${answered.length === 1 ? '' : 's'} with the answer`], lost }
}

function hasWholeAnswer({ answer, end }: HttpInteraction): boolean {
  return answer !== null && end?.kind === 'complete'
}

function isRedirected({ answer, request }: HttpInteraction): boolean {
  return answer?.url !== undefined && answer.url !== request.url
}

function isMultipart({ request }: HttpInteraction): boolean {
  return /^multipart\//i.test(headerValue(request.headers, 'content-type') ?? '')
}

function writeDefinition({ request, answer }: HttpInteraction): JsonValue {
  const url = new URL(request.url)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const { status, coded } = answer as HttpAnswer
  const bytes = Buffer.concat((answer as HttpAnswer).chunks.map(([, data]) => payloadBytes(data)))
  return {
    scope: `${url.protocol}//${url.hostname}:${port}`,
    method: request.method,
    path: `${url.pathname}${url.search}`,
    body: writeRequestBody(request.body),
    status,
    ...writeAnswer(bytes, coded === true),
    rawHeaders: writeHeaders(answer as HttpAnswer),
  }
}

/** Parsed when it is JSON, hex when it is no text: as nock reads a request before it compares. */
function writeRequestBody(body: Payload | null): JsonValue {
  if (body === null) return ''
  if ('base64' in body) return payloadBytes(body).toString('hex')
  return parseJson(body.text) ?? body.text
}

function writeAnswer(bytes: Buffer, coded: boolean): { response: JsonValue; responseIsBinary?: boolean } {
  if (coded) return { response: [bytes.toString('hex')] }
  const payload = toPayload(bytes)
  if ('base64' in payload) return { response: bytes.toString('hex'), responseIsBinary: true }
  const value = parseJson(payload.text)
  if (value === undefined) return { response: payload.text }
  // A text or number by itself would come out of nock as something else.
  if (typeof value === 'object' && value !== null) return { response: value }
  return { response: bytes.toString('hex'), responseIsBinary: true }
}

/** Bodies are written without their coding, and JSON not byte for byte: what tells of either has to go. */
function writeHeaders({ headers, names, coded }: HttpAnswer): string[] {
  const dropped = ['content-length', 'transfer-encoding', ...(coded === true ? [] : ['content-encoding'])]
  return headers.flatMap(([name, value], i) => (dropped.includes(name) ? [] : [names?.[i] ?? name, value]))
}

/** Fixtures of nock, as `nock.recorder` writes them with `output_objects`. */
export const nockExport: ExportFormat = { name: 'nock', title: 'nock fixture', export: exportNock }
