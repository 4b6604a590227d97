import type { PerformanceEntry } from 'node:perf_hooks'
import { standIn } from './exports.ts'

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown
type Entry = PerformanceEntry
type Method = (this: unknown) => unknown

interface Histogram {
  record(nanoseconds: number): void
}

/** What the clock showed around one call. */
interface Span {
  start: number
  end: number
}

/**
 * Puts `performance.timerify` on the clock. Node measures by itself, and hands the arguments of a call out as its entry's
 * `detail`: one argument more carries what the clock showed.
 */
export function installTimerify(now: () => number, prototype: object): void {
  const spans = new WeakSet<object>()
  const { timerify } = prototype as { timerify(this: unknown, fn: AnyFunction, options?: object): AnyFunction }
  standIn(prototype, 'timerify', function (this: unknown, fn: AnyFunction, options?: { histogram?: Histogram }) {
    if (typeof fn !== 'function') return timerify.call(this, fn, options)
    const { histogram, ...rest } = options ?? {}
    const close = (span: Span): void => {
      span.end = now()
      histogram?.record(Math.max(1, Math.ceil((span.end - span.start) * 1e6)))
    }
    const inner = function (this: unknown, ...args: unknown[]): unknown {
      const span = args.pop() as Span
      if (new.target !== undefined) {
        const made: unknown = Reflect.construct(fn, args)
        close(span)
        return made
      }
      const result = fn.apply(this, args)
      if (result instanceof Promise) return result.finally(() => close(span))
      close(span)
      return result
    }
    Object.defineProperty(inner, 'name', { value: fn.name })
    const measured = timerify.call(this, inner, rest)
    const timerified = function (this: unknown, ...args: unknown[]): unknown {
      const span: Span = { start: now(), end: 0 }
      spans.add(span)
      args.push(span)
      return new.target === undefined ? measured.apply(this, args) : Reflect.construct(measured, args)
    }
    return Object.defineProperties(timerified, {
      name: { value: `timerified ${fn.name}`, configurable: true },
      length: { value: fn.length, configurable: true },
    })
  })
  showSpans(spans)
}

function showSpans(spans: WeakSet<object>): void {
  const entry = globalThis.PerformanceEntry.prototype
  const native = {
    startTime: getter(entry, 'startTime'),
    duration: getter(entry, 'duration'),
    toJSON: entry.toJSON as Method,
  }
  const spanOf = (one: Entry): Span | null => {
    const detail = one.entryType === 'function' ? ((one as { detail?: unknown }).detail as unknown[]) : []
    const last = detail?.at(-1)
    return typeof last === 'object' && last !== null && spans.has(last) ? (last as Span) : null
  }
  Object.defineProperties(entry, {
    startTime: {
      configurable: true,
      enumerable: true,
      get(this: Entry) {
        return spanOf(this)?.start ?? native.startTime.call(this)
      },
    },
    duration: {
      configurable: true,
      enumerable: true,
      get(this: Entry) {
        const span = spanOf(this)
        return span === null ? native.duration.call(this) : span.end - span.start
      },
    },
  })
  standIn(entry, 'toJSON', function (this: Entry) {
    const shown = native.toJSON.call(this) as object
    return spanOf(this) === null ? shown : { ...shown, startTime: this.startTime, duration: this.duration }
  })
}

function getter(owner: object, name: string): Method {
  return Object.getOwnPropertyDescriptor(owner, name)?.get ?? (() => undefined)
}
