import { subscribe } from 'node:diagnostics_channel'
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import { machineClock } from '../../core/clock.ts'
import { type BoundaryContext, currentContext, type HttpObserver } from '../tape.ts'
import { askOf, headOf, idleError, isOfUndici, resetError, trailersOf } from './http2-messages.ts'
import { tellUnwatched } from './tell-unwatched.ts'

type AnyMethod = (...args: unknown[]) => unknown

let subscribed = false

/**
 * Watches every request of `node:http2` without touching it: Node itself tells of each stream when it is made, so it does not
 * matter who imported what when. Streams that undici makes of its requests are watched by its dispatchers.
 */
export function installHttp2Tap(): void {
  if (subscribed) return
  subscribed = true
  subscribe('http2.client.stream.created', (message) => {
    try {
      const { stream } = message as { stream: ClientHttp2Stream }
      const context = currentContext()
      if (context === null || context.tape.mode !== 'observe' || isOfUndici(stream.session)) return
      const { ':method': method, ':authority': authority } = stream.sentHeaders
      // A tunnel, or a socket within the connection: no request with an answer.
      if (method === 'CONNECT') tellUnwatched('http2', String(authority))
      else new StreamTap(context, stream).watch()
    } catch {
      // What a subscriber throws ends the process; and the recorder's trouble is not the agent's.
    }
  })
}

/** One request and its answer, told to the tape. The stream's own methods are called as they were, after the tap was told. */
class StreamTap {
  readonly #context: BoundaryContext
  readonly #stream: ClientHttp2Stream
  readonly #session: ClientHttp2Session | undefined
  /** When the request was sent whole; until then, when it was begun. */
  #at = machineClock.now()
  readonly #body: Uint8Array[] = []
  /** Pieces of the answer that came before its head was told: Node tells it a tick later. */
  #early: Uint8Array[] = []
  #hasHead = false
  #observer: HttpObserver | null = null
  #trailers: ReturnType<typeof trailersOf>
  /** Why the client gave up; null while it did not. */
  #givenUp: { reason: unknown } | null = null
  /** The stream was idle for as long as the client allows. */
  #idle = false
  /** The other side has said all. */
  #hasEnd = false
  #over = false

  constructor(context: BoundaryContext, stream: ClientHttp2Stream) {
    this.#context = context
    this.#stream = stream
    this.#session = stream.session as ClientHttp2Session | undefined
  }

  watch(): void {
    this.#tell('write', (chunk, encoding) => this.#sent(chunk, encoding))
    this.#tell('end', (chunk, encoding) => {
      this.#sent(chunk, encoding)
      if (this.#observer === null) this.#at = machineClock.now()
      this.#ask()
    })
    this.#tell('push', (chunk) => {
      if (chunk instanceof Uint8Array) this.#chunk(new Uint8Array(chunk))
      // Without a head or an end of its own, a stream is ended by its reset.
      else if (chunk === null && !this.#stream.destroyed && this.#stream.rstCode === 0) this.#ended()
    })
    this.#tell('close', () => this.#closedByClient(undefined))
    this.#tell('destroy', (error) => this.#destroyed(error))
    this.#tell('emit', (event, value, _flags, raw) => this.#event(event, value, raw))
    // One without a body was ended when it was made.
    if (this.#stream.writableEnded) this.#ask()
  }

  #tell(name: 'write' | 'end' | 'push' | 'close' | 'destroy' | 'emit', told: AnyMethod): void {
    const stream = this.#stream as unknown as Record<string, AnyMethod>
    const base = stream[name] as AnyMethod
    const value = (...args: unknown[]): unknown => {
      try {
        told(...args)
      } catch {
        // The recorder's trouble is not the agent's.
      }
      return base.apply(stream, args)
    }
    Object.defineProperty(stream, name, { value, configurable: true, writable: true, enumerable: false })
  }

  #sent(chunk: unknown, encoding: unknown): void {
    if (this.#observer !== null) return
    if (typeof chunk === 'string') {
      this.#body.push(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'))
    } else if (chunk instanceof Uint8Array) this.#body.push(new Uint8Array(chunk))
  }

  /** Tells the tape of the request, once: when it was sent whole, or when something happens to it before. */
  #ask(): HttpObserver | null {
    if (this.#observer !== null) return this.#observer
    const body = this.#body.length === 0 ? null : Buffer.concat(this.#body)
    const decision = this.#context.tape.http({ ...askOf(this.#stream.sentHeaders), body, at: this.#at }, this.#context)
    if (decision.kind === 'proceed') this.#observer = decision.observer
    return this.#observer
  }

  #event(event: unknown, value: unknown, raw: unknown): void {
    if (this.#over) return
    if (event === 'headers') this.#ask()?.information(headOf(value as IncomingHttpHeaders, raw))
    else if (event === 'response') {
      this.#hasHead = true
      this.#ask()?.head(headOf(value as IncomingHttpHeaders, raw))
      for (const chunk of this.#early.splice(0)) this.#observer?.chunk(chunk)
    } else if (event === 'trailers') this.#trailers = trailersOf(value as IncomingHttpHeaders, raw)
    else if (event === 'timeout') this.#idle = true
    else if (event === 'error') this.#finish(value)
    else if (event === 'close') this.#finish(resetError(this.#stream.rstCode))
  }

  #chunk(chunk: Uint8Array): void {
    if (!this.#hasHead) this.#early.push(chunk)
    else this.#ask()?.chunk(chunk)
  }

  /** The other side has said all: a tick later, when its head and its trailers have been told. */
  #ended(): void {
    if (this.#givenUp !== null) return
    this.#hasEnd = true
    process.nextTick(() => {
      if (this.#over) return
      this.#over = true
      this.#ask()?.complete(this.#trailers)
    })
  }

  #closedByClient(reason: unknown): void {
    if (this.#over || this.#hasEnd || this.#stream.closed || this.#givenUp !== null) return
    // Node closes the streams of a connection that is gone in the same way.
    if (this.#isConnectionGone) {
      this.#finish(resetError(http2.constants.NGHTTP2_CANCEL))
      return
    }
    const why = reason ?? (this.#idle ? idleError() : undefined)
    this.#givenUp = { reason: why }
    // What has come already is told first.
    process.nextTick(() => this.#finish(why))
  }

  #destroyed(error: unknown): void {
    if (this.#over || this.#hasEnd || this.#stream.destroyed) return
    const { closed, rstCode } = this.#stream
    if (this.#givenUp !== null) this.#finish(this.#givenUp.reason ?? error)
    else if (closed) {
      if (rstCode !== http2.constants.NGHTTP2_NO_ERROR) this.#finish(error ?? resetError(rstCode))
    } else if (this.#session?.destroyed !== true) this.#closedByClient(error)
    else if (this.#isConnectionGone || isOfConnection(error)) this.#finish(error ?? resetError(rstCode))
    else this.#closedByClient(error)
  }

  get #isConnectionGone(): boolean {
    try {
      return this.#session?.socket?.destroyed !== false
    } catch {
      // It is bound to no socket any more.
      return true
    }
  }

  #finish(error: unknown): void {
    if (this.#over) return
    this.#over = true
    const observer = this.#ask()
    if (this.#givenUp !== null) observer?.aborted(this.#givenUp.reason ?? error)
    else observer?.failed(error)
  }
}

/** True for what ends a whole connection and is not the client's doing. */
function isOfConnection(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  if (code === 'ERR_HTTP2_STREAM_CANCEL') return cause !== undefined
  return code === 'ERR_HTTP2_ERROR' || code === 'ERR_HTTP2_SESSION_ERROR'
}
