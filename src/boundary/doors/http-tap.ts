import http from 'node:http'
import { machineClock } from '../../core/clock.ts'
import { type BoundaryContext, currentContext, type HttpHead, type HttpObserver } from '../tape.ts'
import { rawNames, toHeaderList } from './headers.ts'

const INSTALLED = Symbol.for('retrial.http-tap')

type AnyMethod = (this: http.ClientRequest, ...args: unknown[]) => unknown

interface Tapped {
  context: BoundaryContext
  /** When the request was sent whole; until then, when it was begun. */
  at: number
  body: Uint8Array[]
  observer: HttpObserver | null
  /** It waits for one of the connections that its agent allows: nobody was asked yet. */
  queued: boolean
  /** The client gave up: it destroyed the request or the response itself. */
  givenUp: boolean
  /** The socket was idle for as long as the client allows. */
  idle: boolean
  over: boolean
  /** What the parser said of that which came behind the answer. */
  surplus?: unknown
}

const taps = new WeakMap<http.ClientRequest, Tapped | null>()

/**
 * Watches every request of `node:http` and `node:https` without touching it: agents, sockets, time-outs and events stay
 * the client's own. Patches the one prototype that all of them share, so it does not matter who imported what when.
 */
export function installHttpTap(): void {
  const prototype = http.ClientRequest.prototype as unknown as Record<string | symbol, AnyMethod | boolean>
  if (prototype[INSTALLED] === true) return
  for (const name of ['write', 'end'] as const) {
    const base = prototype[name] as AnyMethod
    prototype[name] = function (...args) {
      quietly(() => tapOf(this)?.body.push(...bytesOf(args)))
      const result = base.apply(this, args)
      if (name === 'end') quietly(() => askWhole(this))
      return result
    }
  }
  // Only clients call this; a socket that breaks marks the request by itself.
  const destroy = prototype.destroy as AnyMethod
  prototype.destroy = function (...args) {
    quietly(() => giveUp(tapOf(this), args[0], this.socket?.errored))
    return destroy.apply(this, args)
  }
  const emit = prototype.emit as AnyMethod
  prototype.emit = function (...args) {
    quietly(() => watch(this, args[0], args[1]))
    return emit.apply(this, args)
  }
  Object.defineProperty(prototype, INSTALLED, { value: true })
}

function quietly(fn: () => unknown): void {
  try {
    fn()
  } catch {
    // The recorder's trouble is not the agent's.
  }
}

/** The tap of a request, made on first use in the context of the caller; null for requests outside of every run. */
function tapOf(request: http.ClientRequest): Tapped | null {
  let tap = taps.get(request)
  if (tap === undefined) {
    const context = currentContext()
    const observed = context !== null && context.tape.mode === 'observe'
    const fresh = { at: machineClock.now(), body: [], observer: null, givenUp: false, idle: false, over: false }
    tap = observed ? { context, ...fresh, queued: isQueued(request) } : null
    taps.set(request, tap)
  }
  return tap
}

function isQueued(request: http.ClientRequest): boolean {
  const { agent } = request as unknown as { agent?: Partial<http.Agent> }
  return Object.values(agent?.requests ?? {}).some((waiting) => (waiting as unknown[] | undefined)?.includes(request))
}

function bytesOf([chunk, encoding]: unknown[]): Uint8Array[] {
  if (typeof chunk === 'string') {
    return [Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')]
  }
  return chunk instanceof Uint8Array ? [new Uint8Array(chunk)] : []
}

/** Tells the tape of a request that is sent whole: a replay counts from there when its answer is due. */
function askWhole(request: http.ClientRequest): void {
  const tap = tapOf(request)
  if (tap === null || tap.observer !== null || tap.queued || !request.writableEnded) return
  tap.at = machineClock.now()
  ask(request)
}

/** Tells the tape of the request, once: when it was sent whole, or when something happens to it before. */
function ask(request: http.ClientRequest): HttpObserver | null {
  const tap = tapOf(request)
  if (tap === null || tap.observer !== null) return tap?.observer ?? null
  const body = tap.body.length === 0 ? null : Buffer.concat(tap.body)
  const host = request.getHeader('host') ?? request.host
  const decision = tap.context.tape.http(
    {
      door: 'http',
      method: request.method,
      url: new URL(request.path, `${request.protocol}//${String(host)}`).href,
      headers: toHeaderList(request.getHeaders()),
      body,
      at: tap.at,
    },
    tap.context,
  )
  if (decision.kind === 'proceed') tap.observer = decision.observer
  return tap.observer
}

const WATCHED = new Set<unknown>(['socket', 'information', 'response', 'error', 'close', 'upgrade', 'timeout'])

function watch(request: http.ClientRequest, event: unknown, value: unknown): void {
  if (!WATCHED.has(event)) return
  const tap = tapOf(request)
  if (tap === null) return
  if (event === 'socket') {
    tap.queued = false
    askWhole(request)
    return
  }
  if (tap.over) {
    if (event === 'error' && isParseError(value)) tap.surplus = value
    return
  }
  if (event === 'timeout') {
    tap.idle = true
    return
  }
  if (event === 'information') {
    // One that waits to be told before it sends its body is told so by the door of a replay itself.
    tap.observer?.information(headOf(value as http.IncomingMessage))
    return
  }
  // Given up while it waited for a connection: nobody knows of it, nor will a replay.
  if (tap.queued) return
  const observer = ask(request)
  if (observer === null) return
  if (event === 'response') watchResponse(tap, request, value as http.IncomingMessage, observer)
  else if (event === 'upgrade') {
    tap.context.tape.unwatched?.(String(request.getHeader('upgrade') ?? 'upgrade'), String(request.getHeader('host')))
    observer.head(headOf(value as http.IncomingMessage))
  } else if (event === 'error') finish(tap, observer, value)
  else if (!responded.has(request)) finish(tap, observer, new Error('socket hang up'))
}

function isParseError(error: unknown): boolean {
  return String((error as NodeJS.ErrnoException | undefined)?.code).startsWith('HPE_')
}

function headOf({ statusCode = 0, statusMessage = '', rawHeaders }: http.IncomingMessage): HttpHead {
  const names = rawNames(rawHeaders)
  return { status: statusCode, status_text: statusMessage, headers: toHeaderList(rawHeaders), ...(names && { names }) }
}

/** Tells that the client gave up before it can tell the agent: the run may be over before the connection is closed. */
function giveUp(tap: Tapped | null, reason: unknown, broken?: unknown): void {
  if (tap === null) return
  // Some clients learn that their connection broke before the request says so, and let it go: that is no giving up.
  if (broken !== undefined && broken !== null && reason !== broken) {
    quietly(() => tap.observer !== null && finish(tap, tap.observer, broken))
    return
  }
  tap.givenUp = true
  // The usual answer to `timeout` is a `destroy` that gives no reason.
  const why = reason ?? (tap.idle ? new DOMException('The socket was idle for too long', 'TimeoutError') : undefined)
  // What has come already is parsed first: clients drop a redirect as soon as they see its head.
  process.nextTick(() => quietly(() => tap.observer !== null && finish(tap, tap.observer, why)))
}

const responded = new WeakSet<http.ClientRequest>()

function finish(tap: Tapped, observer: HttpObserver, error: unknown): void {
  if (tap.over) return
  tap.over = true
  if (tap.givenUp) observer.aborted(error)
  else observer.failed(error)
}

/** Tells that the answer is there, a tick later: the parser may choke on what comes behind it in the same packet. */
function complete(tap: Tapped, response: http.IncomingMessage, observer: HttpObserver): void {
  tap.over = true
  const trailers = response.rawTrailers.length === 0 ? undefined : toHeaderList(response.rawTrailers)
  process.nextTick(() => quietly(() => observer.complete(trailers, tap.surplus)))
}

function watchResponse(
  tap: Tapped,
  request: http.ClientRequest,
  response: http.IncomingMessage,
  observer: HttpObserver,
): void {
  responded.add(request)
  observer.head(headOf(response))
  const push = response.push
  // The parser hands over each piece of the body here, before any reader: nothing is consumed by looking.
  response.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    quietly(() => {
      if (chunk instanceof Uint8Array) observer.chunk(new Uint8Array(chunk))
      else if (chunk === null && response.complete && !tap.over) complete(tap, response, observer)
    })
    return push.call(response, chunk, encoding)
  }
  const destroy = response.destroy
  response.destroy = (error?: Error): typeof response => {
    // Node destroys a response with ECONNRESET when the connection broke; every other call is the client's.
    // Either way it is told before the client reacts to it.
    quietly(() => {
      if ((error as NodeJS.ErrnoException | undefined)?.code === 'ECONNRESET') finish(tap, observer, error)
      else giveUp(tap, error)
    })
    return destroy.call(response, error)
  }
  const emit = response.emit
  response.emit = ((event: string, ...args: unknown[]): boolean => {
    quietly(() => {
      if (tap.over) return
      if (event === 'error' || event === 'close') {
        if (response.complete) complete(tap, response, observer)
        else finish(tap, observer, args[0] ?? Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
      }
    })
    return emit.call(response, event, ...args)
  }) as typeof emit
}
