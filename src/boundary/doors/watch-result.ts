import { type BoundaryContext, currentContext, type FunctionObserver, runInContext } from '../tape.ts'

const { toString: kindOf } = Object.prototype

type Then = PromiseLike<unknown>['then']

/**
 * Tells the observer what a function returned, at once or when its promise settles, and gives what the agent is to get.
 * @param within Where the function ran: what a lazy result does, it does there too.
 */
export function watchResult(result: unknown, observer: FunctionObserver, within: BoundaryContext): unknown {
  if (kindOf.call(result) === '[object AsyncGenerator]') return watchYields(result as AsyncGenerator, observer, within)
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

/** Yields what a generator yields, and tells of it at its end: its code runs as it is asked for the next value. */
async function* watchYields(
  generator: AsyncGenerator,
  observer: FunctionObserver,
  within: BoundaryContext,
): AsyncGenerator {
  const yielded: unknown[] = []
  let isOver = false
  try {
    for (;;) {
      const next = await runInContext(within, () => generator.next())
      isOver = next.done === true
      if (isOver) {
        observer.returned(next.value, { yielded })
        return next.value
      }
      yielded.push(next.value)
      yield next.value
    }
  } catch (error) {
    isOver = true
    observer.threw(error, { yielded })
    throw error
  } finally {
    if (!isOver) {
      // Whoever asked for values wants no more of them.
      observer.returned(undefined, { yielded })
      await runInContext(within, () => generator.return(undefined))
    }
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
