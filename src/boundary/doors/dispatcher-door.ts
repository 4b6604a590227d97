import { machineClock } from '../../core/clock.ts'
import type { HeaderList } from '../../model/interaction.ts'
import { type BoundaryContext, currentContext, type HttpAsk, type HttpObserver } from '../tape.ts'
import { type DispatchHandler, type DispatchOptions, readDispatch } from './dispatch.ts'
import { serveDispatch } from './dispatcher-serve.ts'
import { toHeaderList } from './headers.ts'
import { bodyAtHand, tapBody } from './request-body.ts'

type Dispatch = (this: unknown, options: DispatchOptions, handler: DispatchHandler) => boolean

const PATCHED = Symbol.for('retrial.dispatcher')
const seen = new WeakSet<object>()
let nested = false

/**
 * Puts the door into a class of dispatchers: `Agent`, `Pool` and `Client` of one copy of undici share the one prototype
 * that owns `dispatch`, so patching it catches every instance, also those made before.
 */
export function patchDispatcherPrototype(prototype: Record<string | symbol, unknown>): void {
  if (Object.hasOwn(prototype, PATCHED)) return
  const base = prototype.dispatch as Dispatch
  const dispatch: Dispatch = function (options, handler) {
    const context = currentContext()
    if (context === null || nested || typeof handler !== 'object' || handler === null || seen.has(handler)) {
      return base.call(this, options, handler)
    }
    if (context.tape.mode === 'serve') {
      // No recording can answer a connection that changes its protocol: the guard refuses it by name.
      return options.upgrade ? base.call(this, options, handler) : serveDispatch(context, options, handler)
    }
    return observeDispatch(context, options, handler, (opts, tapped) => {
      nested = true
      try {
        return base.call(this, opts, tapped)
      } finally {
        nested = false
      }
    })
  }
  Object.defineProperty(prototype, 'dispatch', { value: dispatch, configurable: true, writable: true })
  Object.defineProperty(prototype, PATCHED, { value: true })
}

/** Puts the door into the dispatcher that `fetch` of this Node uses now. */
export function patchGlobalDispatcher(): void {
  // Touching the class loads Node's own undici, which then sets its dispatcher.
  void globalThis.Response
  for (const key of ['undici.globalDispatcher.1', 'undici.globalDispatcher.2']) {
    let owner = (globalThis as Record<symbol, unknown>)[Symbol.for(key)] as
      | Record<string | symbol, unknown>
      | null
      | undefined
    while (owner && !Object.hasOwn(owner, 'dispatch')) owner = Object.getPrototypeOf(owner)
    if (owner) patchDispatcherPrototype(owner)
  }
}

function observeDispatch(
  context: BoundaryContext,
  options: DispatchOptions,
  handler: DispatchHandler,
  proceed: (options: DispatchOptions, handler: DispatchHandler) => boolean,
): boolean {
  let ask: HttpAsk
  try {
    ask = { ...readDispatch(options), door: context.door ?? 'undici', at: machineClock.now() }
  } catch {
    // Not a request that undici accepts either: let it say so.
    return proceed(options, handler)
  }
  let observer: HttpObserver | null = null
  const observe = (body: Uint8Array | null): HttpObserver | null => {
    if (observer !== null) return observer
    const decision = context.tape.http({ ...ask, body }, context.parent)
    if (decision.kind === 'proceed') observer = decision.observer
    return observer
  }
  const atHand = bodyAtHand(options.body)
  let sent: Uint8Array = new Uint8Array()
  if (atHand !== undefined) observe(atHand)
  const onSent = (bytes: Uint8Array): void => {
    sent = bytes
    observe(bytes)
  }
  const body = atHand === undefined ? tapBody(options.body, onSent) : options.body
  const tapped = tapHandler(handler, () => observe(sent))
  seen.add(tapped)
  return proceed(atHand === undefined ? { ...options, body } : options, tapped)
}

/** A handler that passes everything on and tells the observer on the way. */
function tapHandler(handler: DispatchHandler, observer: () => HttpObserver | null): DispatchHandler {
  let given = false
  let headSeen = false
  const head = (status: number, headers: HeaderList, statusText: string): void => {
    if (status < 200) return
    headSeen = true
    observer()?.head({ status, headers, status_text: statusText ?? '' })
  }
  const failed = (error: unknown): void => {
    if (given) observer()?.aborted(error)
    else observer()?.failed(error)
  }
  const taps: Record<string, (...args: never[]) => unknown[] | undefined> = {
    // Old style. The client aborts through the function it is handed here.
    onConnect: (abort: (reason?: unknown) => void, ...rest: unknown[]) => [
      (reason?: unknown): void => {
        given = true
        abort(reason)
      },
      ...rest,
    ],
    onHeaders: (status: number, raw: unknown, _resume: unknown, text: string) =>
      void head(status, toHeaderList(raw), text),
    onData: (chunk: Uint8Array) => void observer()?.chunk(chunk),
    onComplete: () => void observer()?.complete(),
    onError: (error: unknown) => void failed(error),
    // New style. The controller knows whether the client aborted.
    onResponseStart: (_controller: unknown, status: number, headers: unknown, text: string) =>
      void head(status, toHeaderList(headers), text),
    onResponseData: (_controller: unknown, chunk: Uint8Array) => void observer()?.chunk(chunk),
    onResponseEnd: () => void observer()?.complete(),
    onResponseError: (controller: { aborted?: boolean } | null, error: unknown) => {
      given ||= controller?.aborted === true
      failed(error)
      return undefined
    },
    onUpgrade: () =>
      void (headSeen || observer()?.head({ status: 101, headers: [], status_text: 'Switching Protocols' })),
  }
  return new Proxy(handler, {
    get(target, key) {
      const method = target[key as string]
      if (typeof method !== 'function') return method
      const tap = taps[key as string] as ((...args: unknown[]) => unknown[] | undefined) | undefined
      return (...args: unknown[]) => {
        let passed = args
        try {
          passed = tap?.(...args) ?? args
        } catch {
          // The recorder's trouble is not the agent's.
        }
        return method.apply(target, passed)
      }
    },
  })
}
