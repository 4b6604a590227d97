import type { HttpAsk } from '../tape.ts'
import { toHeaderList } from './headers.ts'

/** The options of a dispatch, as every undici gives them. */
export interface DispatchOptions {
  origin?: string | URL
  path: string
  method: string
  headers?: unknown
  body?: unknown
  query?: Record<string, unknown>
  /** `websocket` for a request that wants to become something else. */
  upgrade?: unknown
}

/** A handler of undici: of the old style (`onConnect` …) or of the new one (`onRequestStart` …). */
export type DispatchHandler = Record<string, unknown>

/** The request of a dispatch. Its body is filled in by the caller. */
export function readDispatch(options: DispatchOptions): HttpAsk {
  const url = new URL(options.path, options.origin)
  for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.append(name, String(value))
  return {
    door: 'undici',
    method: options.method.toUpperCase(),
    url: url.href,
    headers: toHeaderList(options.headers),
    body: null,
  }
}

/** The options with headers that can be read more than once: undici also takes an iterator, which whoever reads it first uses up. */
export function withLastingHeaders(options: DispatchOptions): DispatchOptions {
  const { headers } = options
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return options
  const iterable = headers as Partial<Iterable<unknown>>
  const isSpent = typeof iterable[Symbol.iterator] === 'function' && iterable[Symbol.iterator]?.() === headers
  return isSpent ? { ...options, headers: new Set(headers as Iterable<unknown>) } : options
}

/** The options with the origin of their dispatcher where they have none: a client or pool of one origin needs not be told it. */
export function withOrigin(options: DispatchOptions, dispatcher: unknown): DispatchOptions {
  if (options.origin !== undefined && options.origin !== null) return options
  const owner = dispatcher as Record<symbol, unknown>
  const key = Object.getOwnPropertySymbols(owner).find(({ description }) => description === 'url')
  const url = key && owner[key]
  return url instanceof URL || typeof url === 'string' ? { ...options, origin: url } : options
}
