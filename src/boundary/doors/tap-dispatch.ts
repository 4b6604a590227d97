import { machineClock } from '../../core/clock.ts'
import type { BoundaryContext, HttpAsk, HttpObserver } from '../tape.ts'
import { type DispatchHandler, type DispatchOptions, readDispatch } from './dispatch.ts'
import { rawNames, toHeaderList } from './headers.ts'
import { bodyAtHand, isAllThere, readBody, toBytes } from './request-body.ts'
import { tellUnwatched } from './tell-unwatched.ts'
import { watchSentBody } from './watch-sent-body.ts'

/** What a handler of the new style is told by; older copies of undici know no raw headers. */
interface Controller {
  aborted?: boolean
  rawHeaders?: unknown
  rawTrailers?: unknown
}

/** Gives what the client's method is to be called with instead, or a promise of when; nothing for no change. */
type Tap = (...args: never[]) => unknown[] | Promise<void> | undefined

/**
 * Watches one request on its way through a dispatcher. Gives the handler to dispatch instead of the client's, which passes
 * everything on; null for what is no request of the agent's.
 */
export function tapDispatch(
  context: BoundaryContext,
  options: DispatchOptions,
  handler: DispatchHandler,
): DispatchHandler | null {
  // The way to a proxy: the request itself comes by again.
  if (options.method === 'CONNECT') return null
  try {
    const ask: HttpAsk = { ...readDispatch(options), door: context.door ?? 'undici', at: machineClock.now() }
    if (options.upgrade) tellUnwatched(String(options.upgrade), new URL(ask.url).host)
    return new DispatchTap(context, ask, options.body).wrap(handler)
  } catch {
    // Not a request that undici accepts either, or trouble of the recorder's: neither is to be said here.
    return null
  }
}

class DispatchTap {
  readonly #context: BoundaryContext
  readonly #ask: HttpAsk
  readonly #body: unknown
  readonly #sent: Uint8Array[] = []
  /** True once the channels of undici tell what is sent; then its handlers tell it again. */
  #channelled = false
  #observer: HttpObserver | null = null
  #givenUp = false

  constructor(context: BoundaryContext, ask: HttpAsk, body: unknown) {
    this.#context = context
    this.#ask = ask
    this.#body = body
    const atHand = bodyAtHand(body)
    const known = atHand === undefined ? this.#bodyOfDoor() : atHand
    if (known !== undefined) this.#observe(known)
    else
      watchSentBody(body as object, { onPiece: (piece) => this.#piece(piece, true), onSent: () => this.#sentWhole() })
  }

  /** `fetch` turns all it sends into a stream; its door may know what is in there. */
  #bodyOfDoor(): Uint8Array | undefined {
    const { body } = this.#context
    return body?.byteLength === this.#announcedLength() ? body : undefined
  }

  #announcedLength(): number | undefined {
    const length = this.#ask.headers.find(([name]) => name === 'content-length')?.[1]
    return length === undefined ? undefined : Number(length)
  }

  #piece(piece: unknown, channelled: boolean): void {
    this.#channelled ||= channelled
    if (this.#observer === null && this.#channelled === channelled) this.#sent.push(new Uint8Array(toBytes(piece)))
  }

  /** Tells the tape of the request, once. */
  #observe(body: Uint8Array | null = Buffer.concat(this.#sent)): HttpObserver | null {
    if (this.#observer !== null) return this.#observer
    const decision = this.#context.tape.http({ ...this.#ask, body }, this.#context)
    if (decision.kind === 'proceed') this.#observer = decision.observer
    return this.#observer
  }

  /** A replay reads a stream to its end as well, and counts from there when the answer is due. What is of a known length is all there. */
  #sentWhole(): void {
    if (this.#observer === null && this.#announcedLength() === undefined) this.#ask.at = machineClock.now()
    this.#observe()
  }

  #head(status: number, headers: unknown, text: string | undefined): void {
    const names = rawNames(headers)
    const head = { status, headers: toHeaderList(headers), status_text: text ?? '', ...(names && { names }) }
    if (status < 200 && status !== 101) this.#observer?.information(head)
    else this.#observe()?.head(head)
  }

  #complete(raw: unknown): void {
    const trailers = toHeaderList(raw)
    this.#observe()?.complete(trailers.length === 0 ? undefined : trailers)
  }

  #failed(error: unknown): Promise<void> | undefined {
    const end = (): void => {
      const observer = this.#observe()
      if (this.#givenUp) observer?.aborted(error)
      else observer?.failed(error)
    }
    const isUnsent = this.#observer === null && this.#sent.length === 0
    if (!isUnsent || !(isAllThere(this.#body) || this.#announcedLength() !== undefined)) return void end()
    // For want of a connection nothing was sent, but what would have been is all there.
    const read = async (): Promise<void> => void this.#observe(await readBody(this.#body))
    return read().catch(end).then(end)
  }

  readonly #taps: Record<string, Tap> = {
    onBodySent: (piece: unknown) => void this.#piece(piece, false),
    onRequestSent: () => void this.#sentWhole(),
    // Old style. The client aborts through the function it is handed here.
    onConnect: (abort: (reason?: unknown) => void, ...rest: unknown[]) => [
      (reason?: unknown): void => {
        this.#givenUp = true
        abort(reason)
      },
      ...rest,
    ],
    onHeaders: (status: number, raw: unknown, _resume: unknown, text: string) => void this.#head(status, raw, text),
    onData: (chunk: Uint8Array) => void this.#observe()?.chunk(new Uint8Array(chunk)),
    onComplete: (trailers: unknown) => void this.#complete(trailers),
    onError: (error: unknown) => this.#failed(error),
    onUpgrade: (status: number, headers: unknown) => void this.#head(status, headers, 'Switching Protocols'),
    // New style. The controller knows whether the client aborted.
    onResponseStart: (controller: Controller | null, status: number, headers: unknown, text: string) =>
      // Its headers as they came; those of the argument are grouped by name.
      void this.#head(status, controller?.rawHeaders ?? headers, text),
    onResponseData: (_controller: unknown, chunk: Uint8Array) => void this.#observe()?.chunk(new Uint8Array(chunk)),
    onResponseEnd: (controller: Controller | null, trailers: unknown) =>
      void this.#complete(controller?.rawTrailers ?? trailers),
    onResponseError: (controller: Controller | null, error: unknown) => {
      this.#givenUp ||= controller?.aborted === true
      return this.#failed(error)
    },
    onRequestUpgrade: (_controller: unknown, status: number, headers: unknown) =>
      void this.#head(status, headers, 'Switching Protocols'),
  }

  /** A handler that passes everything on and tells the taps first. */
  wrap(handler: DispatchHandler): DispatchHandler {
    const taps = this.#taps
    return new Proxy(handler, {
      get(target, key) {
        const method = target[key as string]
        const tap = taps[key as string] as ((...args: unknown[]) => ReturnType<Tap>) | undefined
        // Of these two, a client need not have any.
        const isOurs = key === 'onBodySent' || key === 'onRequestSent'
        if (typeof method !== 'function' && !(isOurs && method === undefined)) return method
        return (...args: unknown[]) => {
          let passed: ReturnType<Tap>
          try {
            passed = tap?.(...args)
          } catch {
            // The recorder's trouble is not the agent's.
          }
          if (typeof method !== 'function') return undefined
          if (passed instanceof Promise) return void passed.then(() => method.apply(target, args))
          return method.apply(target, passed ?? args)
        }
      },
    })
  }
}
