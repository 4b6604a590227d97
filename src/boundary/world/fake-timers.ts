import { createRequire, syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { promisify } from 'node:util'
import { type Exports, standIn } from './exports.ts'
import { installFakeDate } from './fake-date.ts'
import { installFakePerformance } from './fake-performance.ts'
import { putTimeoutsOnClock } from './socket-timeouts.ts'
import { clearTimer, Timeout, type TimerCallback } from './timeout.ts'
import { installTimerPromises } from './timer-promises.ts'
import type { VirtualClock } from './virtual-clock.ts'
import { installVmContexts } from './vm-contexts.ts'

/**
 * Puts every clock and timer that an agent can reach on the virtual clock: the globals, `node:timers`, `timers/promises`,
 * `AbortSignal.timeout`, `Date`, `Temporal`, `performance`, `process`, waits on memory, and socket time-outs. For good:
 * one clock a process.
 */
export function installFakeTimers(clock: VirtualClock): void {
  // Node looks `setTimeout` up at the first use of `AbortSignal.timeout` and keeps it: let that be the native one.
  AbortSignal.timeout(1)
  const require = createRequire(import.meta.url)
  const promises = require('node:timers/promises') as Exports
  installTimerPromises(clock, promises)
  installTimers(clock, require('node:timers') as Exports, promises)
  installAbortTimeout(clock)
  putTimeoutsOnClock(net.Socket.prototype, clock)
  installMemoryWaits(clock)
  const now = (): number => clock.epoch + clock.look()
  installFakeDate(now, globalThis)
  installVmContexts(now)
  installFakePerformance(clock)
  syncBuiltinESMExports()
}

function installTimers(clock: VirtualClock, timers: Exports, promises: Exports): void {
  const set = (kind: string, repeats: boolean) => {
    return (callback: TimerCallback, delay?: unknown, ...args: unknown[]) =>
      new Timeout(clock, { kind, callback, delay, args, repeats })
  }
  const fakes = {
    setTimeout: set('setTimeout', false),
    setInterval: set('setInterval', true),
    clearTimeout: (timer: unknown) => clearTimer(timer),
    clearInterval: (timer: unknown) => clearTimer(timer),
  }
  Object.defineProperty(fakes.setTimeout, promisify.custom, { enumerable: true, get: () => promises.setTimeout })
  for (const [name, fake] of Object.entries(fakes)) {
    standIn(globalThis, name, fake)
    standIn(timers, name, fake)
  }
}

function installAbortTimeout(clock: VirtualClock): void {
  const native = AbortSignal.timeout.bind(AbortSignal)
  standIn(AbortSignal, 'timeout', (delay: number): AbortSignal => {
    // What is no delay at all, Node refuses.
    if (!Number.isInteger(delay) || delay < 0 || delay >= 2 ** 32) return native(delay)
    const controller = new AbortController()
    const callback = (): void =>
      controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
    new Timeout(clock, { kind: 'AbortSignal.timeout', callback, delay, ref: false })
    return controller.signal
  })
}

type Cells = Int32Array | BigInt64Array
type AsyncWait = { async: false; value: string } | { async: true; value: Promise<string> }
type WaitAsync = (cells: Cells, index: number, value: unknown, timeout?: number) => AsyncWait

/** Waits on shared memory: there is no other thread, so a wait that blocks can only run into its time-out. */
function installMemoryWaits(clock: VirtualClock): void {
  const isBounded = (timeout: unknown): timeout is number =>
    Number(timeout) > 0 && Number(timeout) < Number.POSITIVE_INFINITY
  const wait = Atomics.wait as (cells: Cells, index: number, value: unknown, timeout?: number) => string
  standIn(Atomics, 'wait', (cells: Cells, index: number, value: unknown, timeout?: number) => {
    if (!isBounded(timeout)) return wait(cells, index, value, timeout)
    const outcome = wait(cells, index, value, 0)
    if (outcome === 'timed-out') clock.block(Number(timeout))
    return outcome
  })
  const waitAsync = (Atomics as unknown as { waitAsync?: WaitAsync }).waitAsync
  if (waitAsync === undefined) return
  standIn(Atomics, 'waitAsync', (cells: Cells, index: number, value: unknown, timeout?: number): AsyncWait => {
    const waiting = waitAsync(cells, index, value, isBounded(timeout) ? undefined : timeout)
    if (!waiting.async || !isBounded(timeout)) return waiting
    return {
      async: true,
      value: new Promise((resolve, reject) => {
        const timer = new Timeout(clock, {
          kind: 'Atomics.waitAsync',
          callback: () => resolve('timed-out'),
          delay: Math.ceil(timeout),
        })
        waiting.value.finally(() => timer.close()).then(resolve, reject)
      }),
    }
  })
}
