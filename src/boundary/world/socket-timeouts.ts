import net from 'node:net'
import { Timeout } from './timeout.ts'
import type { VirtualClock } from './virtual-clock.ts'

interface Timed {
  _onTimeout(): void
  [key: symbol]: unknown
}

/** What Node gives time-outs: sockets, and the sessions and streams of HTTP/2. */
interface TimedPrototype {
  setTimeout(ms: number, callback?: () => void): unknown
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
