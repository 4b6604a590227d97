import net from 'node:net'
import { standIn } from './exports.ts'
import { Timeout } from './timeout.ts'
import type { VirtualClock } from './virtual-clock.ts'

interface Timed {
  _unrefTimer(): void
  _onTimeout(): void
  [key: symbol]: unknown
}

/**
 * Puts the time-outs of sockets on the clock, and with them those of requests and of connections kept alive. Node sets a
 * timer that only it can reach, and restarts it whenever something comes or goes: it is exchanged for one of the clock's.
 */
export function installSocketTimeouts(clock: VirtualClock): void {
  putTimeoutsOnClock(net.Socket.prototype, clock)
  // A connection to the recorded world is no file descriptor: Node does not see what comes and goes on it.
  for (const name of ['push', 'write'] as const) {
    const base = net.Socket.prototype[name] as (...args: unknown[]) => boolean
    standIn(net.Socket.prototype, name, function (this: net.Socket & Timed, ...args: unknown[]) {
      this._unrefTimer()
      return base.apply(this, args)
    })
  }
}

/** What Node gives time-outs: sockets, and the sessions and streams of HTTP/2. */
interface TimedPrototype {
  setTimeout(ms: number, callback?: () => void): unknown
}

/** Puts the time-outs of all that share a prototype on the clock. */
export function putTimeoutsOnClock(prototype: object, clock: VirtualClock): void {
  const key = timerKey()
  const owner = prototype as TimedPrototype
  const setTimeout = owner.setTimeout as (this: unknown, ms: number, callback?: () => void) => unknown
  owner.setTimeout = function (this: Timed & { destroyed: boolean }, ms: number, callback?: () => void) {
    const earlier = this[key]
    if (earlier instanceof Timeout && !this.destroyed) earlier.close()
    setTimeout.call(this, ms, callback)
    const native = this[key]
    if (native === null || typeof native !== 'object' || native instanceof Timeout) return this
    clearNative(native as NodeJS.Timeout)
    this[key] =
      ms > 0 && !this.destroyed
        ? new Timeout(clock, {
            kind: 'socket.setTimeout',
            callback: () => this._onTimeout(),
            delay: ms,
            ref: false,
          })
        : null
    return this
  }
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
