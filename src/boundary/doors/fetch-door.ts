import { doNothing } from '../../core/nothing.ts'
import type { HeaderList } from '../../model/interaction.ts'
import { type BoundaryContext, currentContext, type HttpAsk, runInContext } from '../tape.ts'
import { bodyAtHand } from './request-body.ts'
import { buildResponse } from './served-response.ts'

type Fetch = typeof globalThis.fetch

const INSTALLED = Symbol.for('retrial.fetch')
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MAX_REDIRECTS = 20
/** What a request is seldom made with, and may be refused for. */
const SELDOM = [
  'cache',
  'credentials',
  'duplex',
  'integrity',
  'mode',
  'priority',
  'referrer',
  'referrerPolicy',
  'window',
]
const BODY_METHODS = new Set(['DELETE', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'delete', 'options', 'post', 'put'])
const PLAIN_METHODS = new Set([...BODY_METHODS, 'GET', 'HEAD', 'get', 'head'])

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

/** Only what is asked by HTTP leaves the process: `data:` and `blob:` URLs stay within, any other is refused. */
function isLocal(input: unknown): boolean {
  const url = input instanceof Request ? input.url : input instanceof URL ? input.protocol : input
  return typeof url === 'string' && /^(?!https?:)[a-z][a-z\d+.-]*:/i.test(url)
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
    const head = await untilAborted(exchange.head, signal, (reason) => exchange.abort(reason))
    const location = REDIRECTS.has(head.status) && head.headers.find(([name]) => name === 'location')?.[1]
    if (!location || redirect === 'manual') {
      return buildResponse({
        head,
        exchange,
        signal,
        url: ask.url,
        isHead: ask.method === 'HEAD',
        redirected: hops > 0,
      })
    }
    exchange.abort(undefined)
    if (redirect === 'error') throw networkError(new Error('unexpected redirect'))
    if (hops === MAX_REDIRECTS) throw networkError(new Error('redirect count exceeded'))
    ask = follow(ask, head.status, readLocation(location, ask.url))
  }
}

/** Reads the arguments of `fetch`; a `Request` is only built for what cannot be read off plainly: it refuses what is to be refused. */
async function readCall(input: string | URL | Request, init: RequestInit | undefined): Promise<FetchCall> {
  const plain = !(input instanceof Request)
  const body = init?.body
  const atHand = plain && isPlain(init) ? (typeof body === 'string' ? body : bodyAtHand(body)) : undefined
  if (plain && atHand !== undefined) {
    const headers = new Headers(init?.headers)
    if (atHand !== null && !headers.has('content-type')) {
      if (typeof body === 'string') headers.set('content-type', 'text/plain;charset=UTF-8')
      if (body instanceof URLSearchParams) {
        headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8')
      }
    }
    const url = parseUrl(String(input))
    const { method = 'GET', signal = null, redirect = 'follow' } = init ?? {}
    // A request that is given up before it is made never leaves.
    signal?.throwIfAborted()
    return {
      ask: { door: 'fetch', method: method.toUpperCase(), url, headers: [...headers], body: atHand },
      signal,
      redirect,
    }
  }
  const request = new Request(input, init)
  const { redirect } = request
  // As the recorder writes it, which looks at the same place for every client.
  const method = request.method.toUpperCase()
  // The caller's own signal: that of a clone is lost when the clone is collected.
  const signal = init?.signal ?? (plain ? null : input.signal)
  signal?.throwIfAborted()
  const sent = request.body === null ? null : await untilAborted(request.arrayBuffer(), signal)
  const bytes = sent && new Uint8Array(sent)
  return {
    ask: { door: 'fetch', method, url: parseUrl(request.url), headers: [...request.headers], body: bytes },
    signal,
    redirect,
  }
}

/** Whether these are such as nothing is refused of. */
function isPlain(init: RequestInit | undefined): boolean {
  if (init === undefined) return true
  if (typeof init !== 'object' || init === null) return false
  if (SELDOM.some((name) => (init as Record<string, unknown>)[name] !== undefined)) return false
  const { method = 'GET', body, signal, redirect = 'follow' } = init
  if (!(body == null ? PLAIN_METHODS : BODY_METHODS).has(method)) return false
  if (redirect !== 'follow' && redirect !== 'manual' && redirect !== 'error') return false
  return signal == null || signal instanceof AbortSignal
}

function parseUrl(input: string): string {
  const url = URL.parse(input)
  if (url === null) throw new TypeError(`Failed to parse URL from ${input}`, { cause: invalidUrl(input) })
  if (url.username !== '' || url.password !== '')
    throw new TypeError(`Request cannot be constructed from a URL that includes credentials: ${input}`)
  url.hash = ''
  return url.href
}

function invalidUrl(input: string): Error {
  return Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input })
}

function untilAborted<T>(
  value: Promise<T>,
  signal: AbortSignal | null,
  abort: (reason: unknown) => void = doNothing,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      abort(signal?.reason)
      reject(signal?.reason)
    }
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    value.then(
      (settled) => {
        signal?.removeEventListener('abort', onAbort)
        resolve(settled)
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

function readLocation(location: string, base: string): URL {
  const url = URL.parse(location, base)
  if (url === null) throw networkError(invalidUrl(location))
  if (!/^https?:$/.test(url.protocol)) throw networkError(new Error('URL scheme must be a HTTP(S) scheme'))
  url.hash = ''
  return url
}

/** The next request of a redirect, by the rules of the fetch standard. */
function follow(ask: HttpAsk, status: number, url: URL): HttpAsk {
  const toGet =
    (status === 303 && ask.method !== 'GET' && ask.method !== 'HEAD') || (status < 303 && ask.method === 'POST')
  const crossOrigin = url.origin !== new URL(ask.url).origin
  const dropped = (name: string): boolean =>
    (toGet && name.startsWith('content-')) ||
    (crossOrigin && /^(authorization|cookie|host|proxy-authorization)$/.test(name))
  const headers: HeaderList = ask.headers.filter(([name]) => !dropped(name))
  return { ...ask, url: url.href, method: toGet ? 'GET' : ask.method, headers, body: toGet ? null : ask.body }
}
