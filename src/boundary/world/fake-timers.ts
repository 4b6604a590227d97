import { createRequire, syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { promisify } from 'node:util'
import type { Alarm, VirtualClock } from './virtual-clock.ts'

type Callback = (...args: unknown[]) => void
type Exports = Record<string, unknown>
interface WaitOptions {
  signal?: AbortSignal
}

const MAX_DELAY = 2 ** 31 - 1
const FIRST_ID = 1_000_000_000

/** What `setTimeout` gives: as Node's own `Timeout`, on the virtual clock. */
class VirtualTimeout {
  readonly #clock: VirtualClock
  readonly #callback: () => void
  readonly #delay: number
  readonly #repeats: boolean
  #alarm: Alarm | null = null
  #ref = true
  #id: number | null = null
  static readonly byId = new Map<number, VirtualTimeout>()
  static #nextId = FIRST_ID

  constructor(clock: VirtualClock, callback: Callback, delay: unknown, args: unknown[], repeats: boolean) {
    if (typeof callback !== 'function') {
      const error = new TypeError('The "callback" argument must be of type function.')
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' })
    }
    const ms = Number(delay)
    this.#clock = clock
    this.#delay = ms >= 1 && ms <= MAX_DELAY ? Math.trunc(ms) : 1
    this.#callback = () => callback(...args)
    this.#repeats = repeats
    this.#start()
  }

  #start(): void {
    this.#alarm = this.#clock.schedule(() => {
      this.#alarm = null
      if (this.#repeats) this.#start()
      else this.#forget()
      this.#callback()
    }, this.#delay)
  }

  #forget(): void {
    if (this.#id !== null) VirtualTimeout.byId.delete(this.#id)
  }

  close(): this {
    if (this.#alarm !== null) this.#clock.cancel(this.#alarm)
    this.#alarm = null
    this.#forget()
    return this
  }
  refresh(): this {
    if (this.#alarm !== null) this.#clock.cancel(this.#alarm)
    this.#start()
    return this
  }
  ref(): this {
    this.#ref = true
    return this
  }
  unref(): this {
    this.#ref = false
    return this
  }
  hasRef(): boolean {
    return this.#ref
  }
  [Symbol.toPrimitive](): number {
    this.#id ??= VirtualTimeout.#nextId++
    VirtualTimeout.byId.set(this.#id, this)
    return this.#id
  }
  [Symbol.dispose](): void {
    this.close()
  }
}

/**
 * Puts every clock and timer that an agent can reach on the virtual clock: the globals, `node:timers`, `timers/promises`,
 * `AbortSignal.timeout`, `Date`, `performance.now`, `process.hrtime` and socket time-outs. For good: one clock a process.
 */
export function installFakeTimers(clock: VirtualClock): void {
  // Node looks `setTimeout` up at the first use of `AbortSignal.timeout` and keeps it: let that be the native one.
  AbortSignal.timeout(1)
  const require = createRequire(import.meta.url)
  installTimers(clock, require('node:timers') as Exports)
  installTimerPromises(clock, require('node:timers/promises') as Exports)
  installDate(clock)
  installPerformance(clock)
  AbortSignal.timeout = (ms: number): AbortSignal => {
    const controller = new AbortController()
    const timeout = (): void =>
      controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
    clock.schedule(timeout, Math.max(1, Math.trunc(ms)))
    return controller.signal
  }
  installSocketTimeout(clock)
  syncBuiltinESMExports()
}

function installTimers(clock: VirtualClock, timers: Exports): void {
  const clearNative = globalThis.clearTimeout
  const clear = (timer: unknown): void => {
    if (timer instanceof VirtualTimeout) timer.close()
    else if (typeof timer === 'number' || typeof timer === 'string') VirtualTimeout.byId.get(Number(timer))?.close()
    else if (timer !== undefined && timer !== null) clearNative(timer as NodeJS.Timeout)
  }
  const fakes = {
    setTimeout: (callback: Callback, delay?: number, ...args: unknown[]) =>
      new VirtualTimeout(clock, callback, delay, args, false),
    setInterval: (callback: Callback, delay?: number, ...args: unknown[]) =>
      new VirtualTimeout(clock, callback, delay, args, true),
    clearTimeout: (timer: unknown) => clear(timer),
    clearInterval: (timer: unknown) => clear(timer),
  }
  Object.defineProperty(fakes.setTimeout, promisify.custom, {
    value: (delay: number, value: unknown, options?: WaitOptions) => wait(clock, delay, value, options),
  })
  for (const target of [globalThis as unknown as Exports, timers]) {
    for (const [name, fake] of Object.entries(fakes)) {
      Object.defineProperty(target, name, { value: fake, configurable: true, writable: true, enumerable: true })
    }
  }
}

/** A promise that resolves to `value` after `delay` ms, or rejects when the signal aborts. */
function wait(clock: VirtualClock, delay: unknown, value: unknown, options?: WaitOptions): Promise<unknown> {
  const signal = options?.signal
  const aborted = (): Error =>
    Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
      name: 'AbortError',
      code: 'ABORT_ERR',
    })
  if (signal?.aborted) return Promise.reject(aborted())
  return new Promise((resolve, reject) => {
    const timer = new VirtualTimeout(
      clock,
      () => {
        signal?.removeEventListener('abort', onAbort)
        resolve(value)
      },
      delay,
      [],
      false,
    )
    const onAbort = (): void => {
      timer.close()
      reject(aborted())
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function installTimerPromises(clock: VirtualClock, promises: Exports): void {
  promises.setTimeout = (delay?: number, value?: unknown, options?: WaitOptions) => wait(clock, delay, value, options)
  promises.setInterval = async function* (delay?: number, value?: unknown, options?: WaitOptions) {
    for (;;) yield await wait(clock, delay, value, options)
  }
  const scheduler = promises.scheduler as Exports
  Object.defineProperty(scheduler, 'wait', {
    value: (delay: number, options?: WaitOptions) => wait(clock, delay, undefined, options),
    configurable: true,
    writable: true,
  })
}

function installDate(clock: VirtualClock): void {
  const NativeDate = Date
  const now = (): number => Math.floor(clock.now())
  const VirtualDate = new Proxy(NativeDate, {
    construct(target, args: unknown[], newTarget): object {
      return Reflect.construct(
        target,
        args.length === 0 ? [now()] : args,
        newTarget === VirtualDate ? target : newTarget,
      )
    },
    apply: () => new NativeDate(now()).toString(),
    get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
  })
  NativeDate.prototype.constructor = VirtualDate
  Object.defineProperty(globalThis, 'Date', { value: VirtualDate, configurable: true, writable: true })
}

function installPerformance(clock: VirtualClock): void {
  Object.defineProperty(performance, 'now', { value: () => clock.offset, configurable: true, writable: true })
  Object.defineProperty(performance, 'timeOrigin', { value: clock.epoch, configurable: true })
  const nanoseconds = (): bigint => BigInt(Math.round(clock.offset * 1e6))
  const hrtime = (previous?: [number, number]): [number, number] => {
    const since = previous === undefined ? 0n : BigInt(previous[0]) * 1_000_000_000n + BigInt(previous[1])
    const elapsed = nanoseconds() - since
    return [Number(elapsed / 1_000_000_000n), Number(elapsed % 1_000_000_000n)]
  }
  process.hrtime = Object.assign(hrtime, { bigint: nanoseconds })
}

/** Time-outs of sockets run on timers that Node keeps to itself, so the method is replaced. */
function installSocketTimeout(clock: VirtualClock): void {
  const timers = new WeakMap<net.Socket, Alarm>()
  net.Socket.prototype.setTimeout = function (this: net.Socket, ms: number, callback?: () => void): net.Socket {
    const earlier = timers.get(this)
    if (earlier) clock.cancel(earlier)
    ;(this as { timeout?: number }).timeout = ms
    if (ms > 0) {
      const fire = (): void => {
        if (!this.destroyed) this.emit('timeout')
      }
      timers.set(this, clock.schedule(fire, ms))
      if (callback) this.once('timeout', callback)
    } else if (callback) this.removeListener('timeout', callback)
    return this
  }
}
