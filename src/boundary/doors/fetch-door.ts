import type { UnderlyingByteSource } from 'node:stream/web'
import type { HeaderList } from '../../model/interaction.ts'
import {
  type BoundaryContext,
  currentContext,
  type HttpAsk,
  type HttpHead,
  runInContext,
  type ServedExchange,
} from '../tape.ts'
import { decodeBody } from './decode-body.ts'
import { bodyAtHand } from './request-body.ts'

type Fetch = typeof globalThis.fetch

const INSTALLED = Symbol.for('retrial.fetch')
const NULL_BODY = new Set([101, 103, 204, 205, 304])
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
    const decision = context.tape.http(ask, context.parent)
    if (decision.kind !== 'serve') throw new Error('the tape of a replay let a request proceed')
    const { exchange } = decision
    const head = await untilAborted(exchange, signal)
    const location = REDIRECTS.has(head.status) && head.headers.find(([name]) => name === 'location')?.[1]
    if (!location || redirect === 'manual') return buildResponse(head, exchange, signal, ask.url, hops > 0)
    exchange.abort(undefined)
    if (redirect === 'error') throw networkError(new Error('unexpected redirect'))
    if (hops === MAX_REDIRECTS) throw networkError(new Error('redirect count exceeded'))
    ask = follow(ask, head.status, location)
  }
}

/** Reads the arguments of `fetch`; a `Request` is only built for what cannot be read off plainly. */
async function readCall(input: string | URL | Request, init: RequestInit | undefined): Promise<FetchCall> {
  const plain = !(input instanceof Request)
  const atHand = plain ? bodyAtHand(init?.body) : undefined
  if (plain && atHand !== undefined) {
    const headers = new Headers(init?.headers)
    if (atHand !== null && !headers.has('content-type')) {
      if (typeof init?.body === 'string') headers.set('content-type', 'text/plain;charset=UTF-8')
      if (init?.body instanceof URLSearchParams) {
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
  const body = request.body === null ? null : new Uint8Array(await request.arrayBuffer())
  return {
    ask: { door: 'fetch', method: request.method, url: request.url, headers: [...request.headers], body },
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

function buildResponse(
  head: HttpHead,
  exchange: ServedExchange,
  signal: AbortSignal | null,
  url: string,
  redirected: boolean,
): Response {
  const body = NULL_BODY.has(head.status) ? null : bodyStream(head, exchange, signal)
  const init = { status: head.status, statusText: head.status_text, headers: head.headers as [string, string][] }
  const response = new Response(body, init)
  return named(response, url, redirected)
}

/** Gives a response, and its clones, what a constructed one lacks. */
function named(response: Response, url: string, redirected: boolean): Response {
  const clone = response.clone.bind(response)
  Object.defineProperties(response, {
    url: { value: url, configurable: true },
    redirected: { value: redirected, configurable: true },
    type: { value: 'basic', configurable: true },
    clone: { value: () => named(clone(), url, redirected), configurable: true, writable: true },
  })
  return response
}

function bodyStream(head: HttpHead, exchange: ServedExchange, signal: AbortSignal | null): ReadableStream<Uint8Array> {
  const chunks = decodeBody(head, exchange)[Symbol.asyncIterator]()
  let over = false
  const source: UnderlyingByteSource = {
    type: 'bytes',
    start(controller) {
      const onAbort = (): void => {
        if (over) return
        over = true
        exchange.abort(signal?.reason)
        controller.error(signal?.reason)
      }
      if (signal?.aborted) onAbort()
      else signal?.addEventListener('abort', onAbort, { once: true })
    },
    async pull(controller) {
      try {
        let next = await chunks.next()
        // A pull that enqueues nothing is not repeated.
        while (next.done !== true && next.value.byteLength === 0) next = await chunks.next()
        if (over) return
        if (next.done === true) {
          over = true
          controller.close()
          // A reader of its own buffer waits for an answer to it.
          controller.byobRequest?.respond(0)
        } else {
          controller.enqueue(Uint8Array.from(next.value))
        }
      } catch (error) {
        if (over) return
        over = true
        controller.error(new TypeError('terminated', { cause: error }))
      }
    },
    cancel(reason) {
      over = true
      exchange.abort(reason)
    },
  }
  return new ReadableStream(source)
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
