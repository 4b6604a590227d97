import { type AsyncHook, createHook } from 'node:async_hooks'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { promisify } from 'node:util'
import { MessagePort } from 'node:worker_threads'
import zlib from 'node:zlib'

const nativeImmediate = setImmediate
const nativeTimeout = setTimeout

/** Resources whose callback comes from outside of JavaScript: while one is open, something real is in flight. */
const WORK = /^(FSREQ|FILEHANDLECLOSEREQ|GETADDRINFO|GETNAMEINFO|QUERYWRAP|PROCESSWRAP|BLOBREADER)/

/** Turns of the event loop without any callback after which nothing can be runnable any more. */
const QUIET_TURNS = 3

const ASYNC_CRYPTO = [
  'scrypt',
  'pbkdf2',
  'hkdf',
  'randomBytes',
  'randomFill',
  'randomInt',
  'generateKey',
  'generateKeyPair',
  'generatePrime',
  'checkPrime',
  'sign',
  'verify',
  'diffieHellman',
] as const

type AnyFunction = (...args: unknown[]) => unknown

/**
 * Knows when the process is idle: no JavaScript callback ran for some turns of the event loop, and no file, thread-pool or
 * crypto work is in flight. What is in flight is tracked by async hooks where Node tells, and counted at the API where it
 * does not (zlib and crypto jobs look alike whether they are running or done).
 */
export class IdleTracker {
  readonly #work = new Map<number, string>()
  readonly #own = new Set<number>()
  #marking = false
  #activity = 0
  #jobs = 0
  readonly #hook: AsyncHook

  constructor() {
    this.#hook = createHook({
      init: (id, type) => {
        if (this.#marking) this.#own.add(id)
        else if (WORK.test(type)) this.#work.set(id, type)
      },
      before: (id) => {
        this.#work.delete(id)
        if (!this.#own.has(id)) this.#activity++
      },
      destroy: (id) => {
        this.#work.delete(id)
        this.#own.delete(id)
      },
    })
  }

  /** Starts to track. For good: it patches zlib, crypto and message ports. */
  start(): void {
    this.#hook.enable()
    this.#trackZlib()
    this.#trackCrypto()
    const tracker = this
    const post = MessagePort.prototype.postMessage as AnyFunction
    MessagePort.prototype.postMessage = function (this: MessagePort, ...args: unknown[]) {
      tracker.#activity++
      return post.apply(this, args)
    } as typeof MessagePort.prototype.postMessage
    syncBuiltinESMExports()
  }

  /** What is in flight, for a report. */
  inFlight(): string[] {
    return [...this.#work.values(), ...(this.#jobs > 0 ? [`${this.#jobs} crypto`] : [])]
  }

  /** Resolves when the process is idle, or when `isDone`. */
  settle(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      let quiet = 0
      let last = this.#activity
      const turn = (): void => {
        const busy = this.#work.size > 0 || this.#jobs > 0
        quiet = busy || this.#activity !== last ? 0 : quiet + 1
        last = this.#activity
        if (quiet >= QUIET_TURNS || isDone()) resolve()
        else this.#probe(turn, busy)
      }
      this.#probe(turn, false)
    })
  }

  #probe(turn: () => void, busy: boolean): void {
    this.#marking = true
    // While real work is in flight there is nothing to see: leave the core to it.
    if (busy) nativeTimeout(turn, 1)
    else nativeImmediate(turn)
    this.#marking = false
  }

  /** The native handle of a zlib stream takes one write at a time and calls back when it is done. */
  #trackZlib(): void {
    const work = this.#work
    for (const stream of [zlib.createGzip(), zlib.createBrotliCompress(), zlib.createZstdCompress?.()]) {
      const handle = (stream as unknown as { _handle: object } | undefined)?._handle
      if (handle === undefined) continue
      const prototype = Object.getPrototypeOf(handle) as Record<string, AnyFunction>
      const write = prototype.write as AnyFunction
      prototype.write = function (this: { getAsyncId(): number }, ...args: unknown[]) {
        work.set(this.getAsyncId(), 'ZLIB')
        return write.apply(this, args)
      }
      stream?.close()
    }
  }

  #trackCrypto(): void {
    const api = crypto as unknown as Record<string, AnyFunction & { [promisify.custom]?: AnyFunction }>
    for (const name of ASYNC_CRYPTO) {
      const base = api[name]
      if (typeof base !== 'function') continue
      const tracker = this
      const tracked = function (this: unknown, ...args: unknown[]): unknown {
        const callback = args.at(-1)
        if (typeof callback !== 'function') return base.apply(this, args)
        tracker.#jobs++
        args[args.length - 1] = (...results: unknown[]) => {
          tracker.#jobs--
          return callback(...results)
        }
        try {
          return base.apply(this, args)
        } catch (error) {
          tracker.#jobs--
          throw error
        }
      }
      Object.defineProperties(tracked, Object.getOwnPropertyDescriptors(base))
      const promised = base[promisify.custom]
      if (promised) Object.defineProperty(tracked, promisify.custom, { value: this.#countPromise(promised) })
      api[name] = tracked
    }
    const subtle = Object.getPrototypeOf(crypto.webcrypto.subtle) as Record<string, unknown>
    for (const name of Object.getOwnPropertyNames(subtle)) {
      const base = subtle[name]
      if (name !== 'constructor' && typeof base === 'function') subtle[name] = this.#countPromise(base as AnyFunction)
    }
  }

  #countPromise(base: AnyFunction): AnyFunction {
    const tracker = this
    return async function (this: unknown, ...args: unknown[]) {
      tracker.#jobs++
      try {
        return await base.apply(this, args)
      } finally {
        tracker.#jobs--
        tracker.#activity++
      }
    }
  }
}
