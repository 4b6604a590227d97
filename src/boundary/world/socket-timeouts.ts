import net from 'node:net'
import { MAX_DELAY, Timeout } from './timeout.ts'
import type { VirtualClock } from './virtual-clock.ts'

interface Timed {
  _onTimeout(): void
  [key: symbol]: unknown
}

interface TimedSocket {
  destroyed: boolean
  timeout?: number
  once(event: 'timeout', callback: () => void): unknown
}

/** What Node gives time-outs: sockets, and the sessions and streams of HTTP/2. */
interface TimedPrototype {
  setTimeout(ms: number, callback?: () => void): unknown
  ref?(): unknown
  unref?(): unknown
}

/**
 * Puts the time-outs of all that share a prototype on the clock: of sockets, and with them those of requests and of connections
 * kept alive. Node sets a timer that only it can reach, and restarts it whenever something comes or goes: it is exchanged for
 * one of the clock's.
 */
export function putTimeoutsOnClock(prototype: object, clock: VirtualClock): void {
  const key = timerKey()
  const owner = prototype as TimedPrototype
  const setTimeout = owner.setTimeout as (this: unknown, ms: number, callback?: () => void) => unknown
  const holds = prototype === net.Socket.prototype ? () => false : watchRefs(owner, key)
  const set = (timed: Timed, ms: number): void => {
    const callback = (): void => timed._onTimeout()
    timed[key] = new Timeout(clock, { kind: 'socket.setTimeout', callback, delay: ms, ref: holds(timed) })
  }
  owner.setTimeout = function (this: Timed & TimedSocket, ms: number, callback?: () => void) {
    const earlier = this[key]
    if (earlier instanceof Timeout && !this.destroyed) earlier.close()
    if (prototype === net.Socket.prototype && !this.destroyed && isPlain(ms, callback)) {
      // As Node does, without a timer of the machine that would only be taken away again.
      this.timeout = ms
      set(this, ms)
      if (callback !== undefined) this.once('timeout', callback)
      return this
    }
    setTimeout.call(this, ms, callback)
    const native = this[key]
    if (native === null || typeof native !== 'object' || native instanceof Timeout) return this
    clearNative(native as NodeJS.Timeout)
    if (ms > 0 && !this.destroyed) set(this, ms)
    else this[key] = null
    return this
  }
}

/**
 * Node's own timer keeps nothing alive, but the open connection of a session does: here that is no file descriptor, so its timer
 * stands for it.
 *
 * @returns Whether one keeps its process alive.
 */
function watchRefs(owner: TimedPrototype, key: symbol): (timed: Timed) => boolean {
  if (owner.ref === undefined) return () => false
  const unrefd = new WeakSet<Timed>()
  for (const name of ['ref', 'unref'] as const) {
    const base = owner[name] as (this: unknown) => unknown
    owner[name] = function (this: Timed) {
      if (name === 'ref') unrefd.delete(this)
      else unrefd.add(this)
      const timer = this[key]
      if (timer instanceof Timeout) timer[name]()
      return base.call(this)
    }
  }
  return (timed) => !unrefd.has(timed)
}

/** Whether Node has nothing to say to a time-out. */
function isPlain(ms: unknown, callback: unknown): boolean {
  const isDelay = typeof ms === 'number' && ms > 0 && ms <= MAX_DELAY
  return isDelay && (callback === undefined || typeof callback === 'function')
}

const clearNative = clearTimeout

/** The key under which a socket keeps its timer. */
function timerKey(): symbol {
  const socket = new net.Socket()
  const before = new Set(Object.getOwnPropertySymbols(socket))
  socket.setTimeout(1_000_000)
  const keys = Object.getOwnPropertySymbols(socket)
  const key =
    keys.find((one) => one.description === 'timeout') ?? keys.find((one) => !before.has(one)) ?? Symbol('timeout')
  socket.setTimeout(0)
  socket.destroy()
  return key
}
