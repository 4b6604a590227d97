import os from 'node:os'
import { type Exports, standIn } from './exports.ts'
import { installTimerify } from './timerify.ts'
import type { VirtualClock } from './virtual-clock.ts'

interface MarkOptions {
  startTime?: number
}
interface MeasureOptions {
  start?: unknown
  end?: unknown
  duration?: unknown
}

/** Puts `performance`, `process.hrtime`, `process.uptime` and `os.uptime` on the clock. */
export function installFakePerformance(clock: VirtualClock): void {
  const prototype = Object.getPrototypeOf(performance) as object
  const now = (): number => clock.look()
  standIn(prototype, 'now', () => now())
  for (const owner of [prototype, performance]) {
    Object.defineProperty(owner, 'timeOrigin', { get: () => clock.epoch, configurable: true, enumerable: true })
  }
  const { toJSON } = prototype as { toJSON(this: unknown): object }
  standIn(prototype, 'toJSON', function (this: unknown) {
    return { ...toJSON.call(this), timeOrigin: clock.epoch }
  })
  installUserTiming(now, prototype)
  installTimerify(now, prototype)
  const nanoseconds = (): bigint => BigInt(Math.round(clock.look() * 1e6))
  const { hrtime: native } = process
  const hrtime = (previous?: [number, number]): [number, number] => {
    // What is no earlier time, Node refuses.
    if (previous !== undefined && !(Array.isArray(previous) && previous.length === 2)) return native(previous)
    const since = previous === undefined ? 0n : BigInt(previous[0]) * 1_000_000_000n + BigInt(previous[1])
    const elapsed = nanoseconds() - since
    return [Number(elapsed / 1_000_000_000n), Number(elapsed % 1_000_000_000n)]
  }
  process.hrtime = Object.assign(hrtime, { bigint: nanoseconds })
  process.uptime = () => clock.look() / 1_000
  ;(os as unknown as Exports).uptime = () => Math.floor(clock.look() / 1_000)
}

function installUserTiming(now: () => number, prototype: object): void {
  const { mark, measure } = prototype as Record<'mark' | 'measure', (this: unknown, ...args: unknown[]) => unknown>
  const dated = (options: MarkOptions | undefined | null): MarkOptions =>
    options?.startTime === undefined ? { ...options, startTime: now() } : options
  standIn(prototype, 'mark', function (this: unknown, name: unknown, options?: MarkOptions) {
    return mark.call(this, name, dated(options))
  })
  const { PerformanceMark: NativeMark } = globalThis
  const VirtualMark = new Proxy(NativeMark, {
    construct: (target, [name, options], newTarget): object =>
      Reflect.construct(target, [name, dated(options)], newTarget === VirtualMark ? target : newTarget),
  })
  Object.defineProperty(globalThis, 'PerformanceMark', { value: VirtualMark, configurable: true, writable: true })
  standIn(prototype, 'measure', function (this: unknown, name: unknown, start?: unknown, end?: unknown) {
    if (start === null || typeof start !== 'object') return measure.call(this, name, start, end ?? now())
    const options = start as MeasureOptions
    const isBounded = options.end !== undefined || options.duration !== undefined
    return measure.call(
      this,
      name,
      isBounded || Object.keys(options).length === 0 ? options : { ...options, end: now() },
    )
  })
}
