import { doNothing } from '../../core/nothing.ts'
import type { HeaderList } from '../../model/interaction.ts'
import { type BoundaryContext, runInContext } from '../tape.ts'
import { type DispatchHandler, type DispatchOptions, readDispatch } from './dispatch.ts'
import { encodeBody } from './encode-body.ts'
import { withRawNames } from './headers.ts'
import { iterateBody } from './iterate-body.ts'
import { readBody } from './request-body.ts'

type Method = (...args: unknown[]) => unknown

/** Answers a dispatch from the tape, in the handler style that the client speaks. Nothing reaches a socket. */
export function serveDispatch(context: BoundaryContext, options: DispatchOptions, handler: DispatchHandler): boolean {
  const client = typeof handler.onRequestStart === 'function' ? new ModernClient(handler) : new LegacyClient(handler)
  void runInContext(context, () => serve(context, options, client))
  return true
}

async function serve(context: BoundaryContext, options: DispatchOptions, client: Client): Promise<void> {
  try {
    const ask = { ...readDispatch(options), body: await readBody(options.body) }
    const decision = context.tape.http(ask, context)
    if (decision.kind !== 'serve') throw new Error('the tape of a replay let a request proceed')
    const { exchange } = decision
    // Clients are told of a request, and can give it up, once there is a connection for it.
    if (exchange.isUnreachable) await exchange.head
    client.start((reason) => exchange.abort(reason))
    client.bodySent(ask.body)
    for await (const { status, status_text, headers } of exchange.information?.() ?? []) {
      if (!client.aborted) client.head(status, headers, status_text, headers)
    }
    const head = await client.untilAborted(exchange.head)
    client.head(head.status, head.headers, head.status_text, withRawNames(head.headers, head.names))
    const body = (encodeBody(head, exchange) ?? iterateBody(exchange))[Symbol.asyncIterator]()
    for (;;) {
      const next = await client.untilAborted(body.next())
      if (next.done === true) break
      await client.data(Buffer.from(next.value))
    }
    client.end(exchange.trailers ?? [])
  } catch (error) {
    client.error(error)
  }
}

/** The common part of both handler styles: aborts and back-pressure. */
abstract class Client {
  protected readonly handler: DispatchHandler
  #reject: (reason: unknown) => void = doNothing
  #aborted: { reason: unknown } | null = null
  protected resumed: Promise<void> | null = null
  #resume: () => void = doNothing

  constructor(handler: DispatchHandler) {
    this.handler = handler
  }

  get aborted(): boolean {
    return this.#aborted !== null
  }

  get reason(): unknown {
    return this.#aborted?.reason
  }

  protected call(method: string, ...args: unknown[]): unknown {
    return (this.handler[method] as Method | undefined)?.apply(this.handler, args)
  }

  protected onAbort: (reason: unknown) => void = doNothing

  abort(reason?: unknown): void {
    if (this.#aborted !== null) return
    this.#aborted = { reason: reason ?? new DOMException('This operation was aborted', 'AbortError') }
    this.onAbort(this.#aborted.reason)
    this.#reject(this.#aborted.reason)
    this.resume()
  }

  pause(): void {
    this.resumed ??= new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  resume(): void {
    this.resumed = null
    this.#resume()
  }

  /** The value, unless the client aborts first. */
  untilAborted<T>(value: Promise<T>): Promise<T> {
    if (this.#aborted !== null) return Promise.reject(this.#aborted.reason)
    return new Promise((resolve, reject) => {
      this.#reject = reject
      value.then(resolve, reject)
    })
  }

  bodySent(body: Uint8Array | null): void {
    this.call('onBodySent', body)
    this.call('onRequestSent')
  }

  abstract start(onAbort: (reason: unknown) => void): void
  abstract head(status: number, headers: HeaderList, statusText: string, raw: HeaderList): void
  abstract data(chunk: Buffer): Promise<void>
  abstract end(trailers: HeaderList): void
  abstract error(error: unknown): void
}

function rawHeaders(headers: HeaderList): Buffer[] {
  return headers.flatMap(([name, value]) => [Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1')])
}

/** Values by name; those of a name that comes more than once in a list. */
function group(headers: HeaderList): Record<string, string | string[]> {
  const grouped: Record<string, string | string[]> = {}
  for (const [name, value] of headers) {
    const earlier = grouped[name]
    grouped[name] = earlier === undefined ? value : [...(Array.isArray(earlier) ? earlier : [earlier]), value]
  }
  return grouped
}

/** `onConnect`, `onHeaders`, `onData`, `onComplete`, `onError`. */
class LegacyClient extends Client {
  start(onAbort: (reason: unknown) => void): void {
    this.onAbort = onAbort
    this.call('onConnect', (reason: unknown) => this.abort(reason), null)
  }
  head(status: number, _headers: HeaderList, statusText: string, raw: HeaderList): void {
    if (this.call('onHeaders', status, rawHeaders(raw), () => this.resume(), statusText) === false) this.pause()
  }
  async data(chunk: Buffer): Promise<void> {
    await this.resumed
    if (this.aborted) throw this.reason
    if (this.call('onData', chunk) === false) this.pause()
  }
  end(trailers: HeaderList): void {
    this.call('onComplete', rawHeaders(trailers))
  }
  error(error: unknown): void {
    this.call('onError', error)
  }
}

/** `onRequestStart`, `onResponseStart`, `onResponseData`, `onResponseEnd`, `onResponseError`. */
class ModernClient extends Client {
  readonly #controller = this.#makeController()

  #makeController(): Record<string, unknown> {
    const client = this
    return {
      rawHeaders: null,
      rawTrailers: null,
      get aborted() {
        return client.aborted
      },
      get reason() {
        return client.reason ?? null
      },
      get paused() {
        return client.resumed !== null
      },
      abort: (reason: unknown) => client.abort(reason),
      pause: () => client.pause(),
      resume: () => client.resume(),
    }
  }
  start(onAbort: (reason: unknown) => void): void {
    this.onAbort = onAbort
    this.call('onRequestStart', this.#controller, {})
  }
  head(status: number, headers: HeaderList, statusText: string, raw: HeaderList): void {
    this.#controller.rawHeaders = rawHeaders(raw)
    this.call('onResponseStart', this.#controller, status, group(headers), statusText)
  }
  async data(chunk: Buffer): Promise<void> {
    await this.resumed
    if (this.aborted) throw this.reason
    this.call('onResponseData', this.#controller, chunk)
  }
  end(trailers: HeaderList): void {
    if (trailers.length > 0) this.#controller.rawTrailers = rawHeaders(trailers)
    this.call('onResponseEnd', this.#controller, group(trailers))
  }
  error(error: unknown): void {
    this.call('onResponseError', this.#controller, error)
  }
}
