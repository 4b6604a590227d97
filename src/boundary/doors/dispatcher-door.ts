import { currentContext } from '../tape.ts'
import { type DispatchHandler, type DispatchOptions, withLastingHeaders, withOrigin } from './dispatch.ts'
import { serveDispatch } from './dispatcher-serve.ts'
import { tapDispatch } from './tap-dispatch.ts'

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
    const ask = withOrigin(options, this)
    // A balanced pool chooses the origin; the request comes by again at the pool that it chose.
    if (!ask.origin) return base.call(this, options, handler)
    if (context.tape.mode === 'serve') {
      // No recording can answer a connection that changes its protocol: the guard refuses it by name.
      return options.upgrade ? base.call(this, options, handler) : serveDispatch(context, ask, handler)
    }
    const lasting = withLastingHeaders(options)
    const tapped = tapDispatch(context, withOrigin(lasting, this), handler)
    if (tapped === null) return base.call(this, lasting, handler)
    seen.add(tapped)
    nested = true
    try {
      return base.call(this, lasting, tapped)
    } finally {
      nested = false
    }
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
