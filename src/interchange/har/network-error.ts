import type { InteractionEnd } from '../../model/interaction.ts'
import type { ErrorShape } from '../../model/run.ts'
import type { HarEntry } from './har-entry.ts'

/** Error codes of Node for the network errors that browsers name. */
const NODE_CODES: Record<string, string> = {
  ERR_CONNECTION_REFUSED: 'ECONNREFUSED',
  ERR_CONNECTION_RESET: 'ECONNRESET',
  ERR_CONNECTION_CLOSED: 'ECONNRESET',
  ERR_EMPTY_RESPONSE: 'ECONNRESET',
  ERR_INCOMPLETE_CHUNKED_ENCODING: 'ECONNRESET',
  ERR_HTTP2_PROTOCOL_ERROR: 'ECONNRESET',
  ERR_TIMED_OUT: 'ETIMEDOUT',
  ERR_CONNECTION_TIMED_OUT: 'ETIMEDOUT',
  ERR_NAME_NOT_RESOLVED: 'ENOTFOUND',
  ERR_ADDRESS_UNREACHABLE: 'EHOSTUNREACH',
  ERR_INTERNET_DISCONNECTED: 'ENETUNREACH',
}

/**
 * Reads how an entry ended. Status 0 means that no answer came; an error beside a status, that it broke off.
 * `net::ERR_ABORTED` is the client giving up.
 */
export function readEnd(response: HarEntry['response'], offset_ms: number): InteractionEnd {
  const failure = response._error ?? response._failureText ?? null
  if (response.status > 0 && failure === null) return { kind: 'complete', offset_ms }
  if (failure?.includes('ERR_ABORTED')) return { kind: 'aborted', offset_ms }
  return { kind: response.status > 0 ? 'cut' : 'failed', offset_ms, error: errorShape(failure) }
}

// The bare error of the network: what a client makes of it (a TypeError, for `fetch`) is the client's affair.
function errorShape(failure: string | null): ErrorShape {
  const name = failure === null ? undefined : /ERR_[A-Z0-9_]+/.exec(failure)?.[0]
  const code = (name === undefined ? undefined : NODE_CODES[name]) ?? /\bE[A-Z]{4,}\b/.exec(failure ?? '')?.[0]
  const error: ErrorShape = { name: 'Error', message: failure ?? 'the HAR names no cause' }
  if (code !== undefined) error.code = code
  return error
}
