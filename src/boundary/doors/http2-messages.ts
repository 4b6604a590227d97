import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import type { HeaderList } from '../../model/interaction.ts'
import type { HttpAsk, HttpHead } from '../tape.ts'
import { toHeaderList } from './headers.ts'

const RESET = /^Stream closed with error code (\w+)$/

/** The request that a client's headers make. Its body is filled in by the caller. */
export function askOf(headers: OutgoingHttpHeaders): HttpAsk {
  const { ':scheme': scheme = 'https', ':authority': authority = headers.host, ':path': path = '/' } = headers
  return {
    door: 'http2',
    method: String(headers[':method'] ?? 'GET').toUpperCase(),
    url: new URL(String(path), `${String(scheme)}://${String(authority ?? 'localhost')}`).href,
    headers: withoutPseudo(toHeaderList(headers)),
    body: null,
  }
}

/** @param raw The headers as they came, flat, as newer listeners are given them. */
export function headOf(headers: IncomingHttpHeaders, raw: unknown): HttpHead {
  const list = withoutPseudo(toHeaderList(Array.isArray(raw) ? raw : headers))
  return { status: Number(headers[':status'] ?? 0), status_text: '', headers: list }
}

/** Undefined when there are none. */
export function trailersOf(headers: IncomingHttpHeaders, raw: unknown): HeaderList | undefined {
  const list = withoutPseudo(toHeaderList(Array.isArray(raw) ? raw : headers))
  return list.length === 0 ? undefined : list
}

function withoutPseudo(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => !name.startsWith(':'))
}

/** The codes of HTTP/2 by which a stream is reset, in their order from 0. */
const RESET_CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

/** What Node says of a stream that was reset, whether or not it says it to the client. */
export function resetError(code = 0): Error {
  const name = RESET_CODES[code] === undefined ? String(code) : `NGHTTP2_${RESET_CODES[code]}`
  return Object.assign(new Error(`Stream closed with error code ${name}`), { code: 'ERR_HTTP2_STREAM_ERROR' })
}

/** Why a client closes a stream when nothing came for as long as it allows: most give no reason. */
export function idleError(): DOMException {
  return new DOMException('The stream was idle for too long', 'TimeoutError')
}

/** The code that a stream was reset with, by the error that tells of it; null for any other error. */
export function resetCode(error: unknown): number | null {
  const { code, message = '' } = error as { code?: unknown; message?: string }
  const name = code === 'ERR_HTTP2_STREAM_ERROR' ? RESET.exec(message)?.[1] : undefined
  if (name === undefined) return null
  const known = RESET_CODES.indexOf(name.replace(/^NGHTTP2_/, ''))
  if (known >= 0) return known
  return /^\d+$/.test(name) ? Number(name) : null
}

/** Whether a session is one of undici's, whose dispatchers are watched: it hangs its client on it. */
export function isOfUndici(session: object | undefined): boolean {
  const client = session && Object.getOwnPropertySymbols(session).find((key) => key.description === 'client')
  return (
    client !== undefined && typeof (session as Record<symbol, { dispatch?: unknown }>)[client]?.dispatch === 'function'
  )
}
