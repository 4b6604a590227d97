import type { HeaderList } from '../../model/interaction.ts'
import {
  type BoundaryContext,
  currentContext,
  type HttpAsk,
  type HttpHead,
  runInContext,
  type ServedExchange,
} from '../tape.ts'
import { bodyAtHand } from './request-body.ts'
import { buildResponse } from './served-response.ts'

type Fetch = typeof globalThis.fetch

const INSTALLED = Symbol.for('retrial.fetch')
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MAX_REDIRECTS = 20

/**
 * Replaces `globalThis.fetch` by a function that stands for good, so that SDK clients which capture `fetch` when they are
 * built stay on the boundary. It calls the original unless the code that runs belongs to a tape that serves.
 */
export function installFetchDoor(): void {
  const native = globalThis.fetch
  if ((native as unknown as Record<symbol, unknown>)[INSTALLED] === true) return
  const fetch: Fetch = (input: string | URL | Request, init?: RequestInit) => {
    const context = currentContext()
    if (context === null || isLocal(input)) return native(input, init)
    if (context.tape.mode === 'serve') return serveFetch(context, input, init)
    // Watched at the dispatcher, where nothing of the response has to be wrapped.
    const body = bodyAtHand(init?.body) ?? undefined
    return runInContext({ ...context, door: 'fetch', body }, () => native(input, init))
  }
  Object.defineProperty(fetch, INSTALLED, { value: true })
  Object.defineProperty(globalThis, 'fetch', { value: fetch, configurable: true, writable: true, enumerable: true })
}

/** `data:` and `blob:` URLs never leave the process. */
function isLocal(input: unknown): boolean {
  const url = typeof input === 'string' ? input : input instanceof URL ? input.protocol : ''
  return url.startsWith('data:') || url.startsWith('blob:')
}

interface FetchCall {
  ask: HttpAsk
  signal: AbortSignal | null
  redirect: 'follow' | 'error' | 'manual'
}

async function serveFetch(
  context: BoundaryContext,
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  let { ask, signal, redirect } = await readCall(input, init)
  for (let hops = 0; ; hops++) {
    const decision = context.tape.http(ask, context)
    if (decision.kind !== 'serve') throw new Error('the tape of a replay let a request proceed')
    const { exchange } = decision
    const head = await untilAborted(exchange, signal)
    const location = REDIRECTS.has(head.status) && head.headers.find(([name]) => name === 'location')?.[1]
    if (!location || redirect === 'manual') {
      return buildResponse({ head, exchange, signal, url: ask.url, redirected: hops > 0 })
    }
    exchange.abort(undefined)
    if (redirect === 'error') throw networkError(new Error('unexpected redirect'))
    if (hops === MAX_REDIRECTS) throw networkError(new Error('redirect count exceeded'))
    ask = follow(ask, head.status, location)
  }
}

/** Reads the arguments of `fetch`; a `Request` is only built for what cannot be read off plainly. */
async function readCall(input: string | URL | Request, init: RequestInit | undefined): Promise<FetchCall> {
  const plain = !(input instanceof Request)
  const body = init?.body
  const atHand = plain ? (typeof body === 'string' ? body : bodyAtHand(body)) : undefined
  if (plain && atHand !== undefined) {
    const headers = new Headers(init?.headers)
    if (atHand !== null && !headers.has('content-type')) {
      if (typeof body === 'string') headers.set('content-type', 'text/plain;charset=UTF-8')
      if (body instanceof URLSearchParams) {
        headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8')
      }
    }
    const url = parseUrl(String(input))
    return {
      ask: { door: 'fetch', method: normaliseMethod(init?.method), url, headers: [...headers], body: atHand },
      signal: init?.signal ?? null,
      redirect: init?.redirect ?? 'follow',
    }
  }
  const request = new Request(input, init)
  const bytes = request.body === null ? null : new Uint8Array(await request.arrayBuffer())
  return {
    ask: { door: 'fetch', method: request.method, url: request.url, headers: [...request.headers], body: bytes },
    // The caller's own signal: that of a clone is lost when the clone is collected.
    signal: init?.signal ?? (plain ? null : input.signal),
    redirect: request.redirect,
  }
}

function parseUrl(input: string): string {
  const url = URL.parse(input)
  if (url === null) throw new TypeError(`Failed to parse URL from ${input}`, { cause: invalidUrl(input) })
  url.hash = ''
  return url.href
}

function invalidUrl(input: string): Error {
  return Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input })
}

function normaliseMethod(method = 'GET'): string {
  return /^(delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method
}

function untilAborted(exchange: ServedExchange, signal: AbortSignal | null): Promise<HttpHead> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      exchange.abort(signal?.reason)
      reject(signal?.reason)
    }
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    exchange.head.then(
      (head) => {
        signal?.removeEventListener('abort', onAbort)
        resolve(head)
      },
      (error: unknown) => {
        signal?.removeEventListener('abort', onAbort)
        reject(networkError(error))
      },
    )
  })
}

/** `fetch` reports every failure of the network as a `TypeError` whose cause tells what it was. */
function networkError(cause: unknown): TypeError {
  return new TypeError('fetch failed', { cause })
}

/** The next request of a redirect, by the rules of the fetch standard. */
function follow(ask: HttpAsk, status: number, location: string): HttpAsk {
  const url = new URL(location, ask.url)
  const toGet =
    (status === 303 && ask.method !== 'GET' && ask.method !== 'HEAD') || (status < 303 && ask.method === 'POST')
  const crossOrigin = url.origin !== new URL(ask.url).origin
  const dropped = (name: string): boolean =>
    (toGet && name.startsWith('content-')) ||
    (crossOrigin && /^(authorization|cookie|host|proxy-authorization)$/.test(name))
  const headers: HeaderList = ask.headers.filter(([name]) => !dropped(name))
  return { ...ask, url: url.href, method: toGet ? 'GET' : ask.method, headers, body: toGet ? null : ask.body }
}
