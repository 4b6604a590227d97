import { AsyncResource } from 'node:async_hooks'
import type { AgentTimer, Alarm } from './alarm-heap.ts'
import { type CallSite, takeCallSite } from './call-site.ts'
import type { VirtualClock } from './virtual-clock.ts'

export type TimerCallback = (...args: unknown[]) => void

const nativeSet = setTimeout
const nativeClear = clearTimeout
/** The longest delay that Node takes as it is, ms. */
export const MAX_DELAY = 2 ** 31 - 1
const byId = new Map<number, Timeout>()
let lastId = 0

/** What a timer is set with. */
export interface TimeoutOptions {
  /** As reports name it: `setTimeout`. */
  kind: string
  callback: TimerCallback
  delay?: unknown
  args?: readonly unknown[]
  repeats?: boolean
  /** @default true */
  ref?: boolean
}

/** What `setTimeout` and `setInterval` give: as Node's own class of that name, on the virtual clock. */
export class Timeout implements AgentTimer {
  // What a program sees of a timer is its methods.
  readonly #kind: string
  readonly #delay: number
  readonly #site = takeCallSite()
  readonly #clock: VirtualClock
  readonly #callback: () => void
  readonly #repeats: boolean
  #alarm: Alarm | null = null
  #ref: boolean
  #closed = false
  #id: number | null = null

  constructor(clock: VirtualClock, { kind, callback, delay, args = [], repeats = false, ref = true }: TimeoutOptions) {
    this.#kind = kind
    this.#delay = toDelay(callback, delay)
    this.#clock = clock
    this.#repeats = repeats
    this.#ref = ref
    const resource = new AsyncResource('Timeout', { requireManualDestroy: true })
    this.#callback = () => {
      resource.runInAsyncScope(callback, this, ...args)
    }
    this.#start(clock.offset)
  }

  get kind(): string {
    return this.#kind
  }

  get delay(): number {
    return this.#delay
  }

  get site(): CallSite {
    return this.#site
  }

  hasRef(): boolean {
    return this.#ref
  }

  ref(): this {
    if (!this.#ref && this.#alarm?.callback) this.#clock.countRef(1)
    this.#ref = true
    return this
  }

  unref(): this {
    if (this.#ref && this.#alarm?.callback) this.#clock.countRef(-1)
    this.#ref = false
    return this
  }

  refresh(): this {
    if (!this.#closed) this.#start(this.#clock.offset)
    return this
  }

  close(): this {
    this.#closed = true
    this.#stop()
    if (this.#id !== null) byId.delete(this.#id)
    return this
  }

  [Symbol.toPrimitive](): number {
    this.#id ??= ++lastId
    if (!this.#closed) byId.set(this.#id, this)
    return this.#id
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #start(from: number): void {
    this.#stop()
    this.#alarm = this.#clock.setAlarm(this, () => this.#fire(), from + this.#delay)
  }

  #stop(): void {
    if (this.#alarm !== null) this.#clock.clearAlarm(this.#alarm, this.#ref)
    this.#alarm = null
  }

  #fire(): void {
    const began = this.#clock.offset
    const fired = this.#alarm
    try {
      this.#callback()
    } finally {
      // After the callback, as Node does: what that has set for the same moment comes first.
      if (this.#repeats && !this.#closed) this.#start(began)
      else if (this.#id !== null && this.#alarm === fired) byId.delete(this.#id)
    }
  }
}

/** Clears a timer given as itself or as its id. Anything else is none of the clock's. */
export function clearTimer(timer: unknown): void {
  if (timer instanceof Timeout) timer.close()
  else if (typeof timer === 'number' || typeof timer === 'string') byId.get(Number(timer))?.close()
}

/** The delay that Node would take, ms. What it throws at and warns of, it does itself. */
function toDelay(callback: unknown, delay: unknown): number {
  if (typeof callback !== 'function') nativeSet(callback as () => void, 1)
  const ms = delay === undefined ? 1 : Number(delay)
  if (ms >= 1 && ms <= MAX_DELAY) return Math.trunc(ms)
  if (delay !== undefined && ms !== 0) nativeClear(nativeSet(callback as () => void, delay as number))
  return 1
}
