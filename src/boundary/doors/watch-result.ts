import { isGeneratorObject } from 'node:util/types'
import { type BoundaryContext, currentContext, type FunctionObserver, runInContext } from '../tape.ts'

type Then = PromiseLike<unknown>['then']

/**
 * Tells the observer what a function returned, at once or when its promise settles, and gives what the agent is to get.
 * @param within Where the function ran: what a lazy result does, it does there too.
 */
export function watchResult(result: unknown, observer: FunctionObserver, within: BoundaryContext): unknown {
  if (isAsyncGenerator(result)) {
    try {
      watchYields(result, observer, within)
    } catch {
      // It cannot be looked at; the call stays without an end.
    }
    return result
  }
  const then = thenOf(result)
  if (then === null) {
    observer.returned(result, { sync: true })
    return result
  }
  const onValue = (value: unknown): void => observer.returned(value, {})
  const onError = (error: unknown): void => observer.threw(error, {})
  if (then !== Promise.prototype.then) {
    watchLazy(result as object, then, { onValue, onError, within })
    return result
  }
  const promise = result as Promise<unknown>
  if (isPlain(promise)) {
    // Handed on, so that a rejection that the agent does not handle stays unhandled.
    return promise.then(
      (value) => {
        onValue(value)
        return value
      },
      (error) => {
        onError(error)
        throw error
      },
    )
  }
  // It carries more than a value (`cancel`, `json`, `stdout`): the agent needs this very one.
  promise.then(onValue, onError)
  return promise
}

/** A generator of the language itself, whose iterator nothing of the agent's stands behind. */
function isAsyncGenerator(value: unknown): value is AsyncGenerator {
  return isGeneratorObject(value) && Symbol.asyncIterator in (value as object)
}

/** Looks at what a generator gives, and tells of it at its end: its code runs when it is asked for the next value. */
function watchYields(generator: AsyncGenerator, observer: FunctionObserver, within: BoundaryContext): void {
  const yielded: unknown[] = []
  let isOver = false
  const end = (tell: () => void): void => {
    if (!isOver) tell()
    isOver = true
  }
  for (const name of ['next', 'return', 'throw'] as const) {
    const base = generator[name] as (...args: unknown[]) => Promise<IteratorResult<unknown>>
    const watched = async (...args: unknown[]): Promise<IteratorResult<unknown>> => {
      try {
        const step = await runInContext(within, () => base.apply(generator, args))
        if (step.done !== true) yielded.push(step.value)
        // What ends it from outside is no result of its own.
        else end(() => observer.returned(name === 'next' ? step.value : undefined, { yielded }))
        return step
      } catch (error) {
        end(() => observer.threw(error, { yielded }))
        throw error
      }
    }
    Object.defineProperty(generator, name, { value: watched, configurable: true, writable: true })
  }
}

/** The `then` of a promise or of what behaves like one; null for any other value. */
function thenOf(value: unknown): Then | null {
  if (typeof value !== 'object' || value === null) return null
  try {
    const { then } = value as { then?: unknown }
    return typeof then === 'function' ? (then as Then) : null
  } catch {
    return null
  }
}

function isPlain(promise: Promise<unknown>): boolean {
  return Object.getPrototypeOf(promise) === Promise.prototype && Object.getOwnPropertyNames(promise).length === 0
}

interface LazyWatcher {
  onValue(value: unknown): void
  onError(error: unknown): void
  within: BoundaryContext
}

/** A query or a request that starts when it is awaited must not be started by the recorder: it looks on when the agent does. */
function watchLazy(result: object, then: Then, { onValue, onError, within }: LazyWatcher): void {
  let seen = false
  const first = (tell: (settled: unknown) => void, settled: unknown): void => {
    if (seen) return
    seen = true
    tell(settled)
  }
  const watched: Then = (onFulfilled, onRejected) => {
    const caller = currentContext()
    const fulfilled = (value: unknown): unknown => {
      first(onValue, value)
      return typeof onFulfilled === 'function' ? runInContext(caller, () => onFulfilled(value)) : value
    }
    const rejected = (error: unknown): unknown => {
      first(onError, error)
      if (typeof onRejected === 'function') return runInContext(caller, () => onRejected(error))
      throw error
    }
    return runInContext(within, () => then.call(result, fulfilled, rejected)) as never
  }
  try {
    Object.defineProperty(result, 'then', { value: watched, configurable: true, writable: true })
  } catch {
    // It cannot be looked at; the call stays without an end.
  }
}
