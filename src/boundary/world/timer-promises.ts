import type { Exports } from './exports.ts'
import { Timeout } from './timeout.ts'
import type { VirtualClock } from './virtual-clock.ts'

interface WaitOptions {
  signal?: AbortSignal
  ref?: boolean
}

type Native = (delay?: unknown, value?: unknown, options?: unknown) => unknown

/** Puts `timers/promises` on the clock. Arguments that Node refuses, it refuses itself. */
export function installTimerPromises(clock: VirtualClock, promises: Exports): void {
  const natives = { wait: promises.setTimeout as Native, beat: promises.setInterval as Native }
  const scheduler = promises.scheduler as Exports
  const setTimeout = (delay?: unknown, value?: unknown, options?: WaitOptions): Promise<unknown> =>
    isSound(delay, options)
      ? wait(clock, 'timers/promises setTimeout', delay, value, options)
      : (natives.wait(delay, value, options) as Promise<unknown>)
  Object.assign(promises, {
    setTimeout,
    setInterval: (delay?: unknown, value?: unknown, options?: WaitOptions) =>
      isSound(delay, options) ? beat(clock, delay, value, options) : natives.beat(delay, value, options),
  })
  const nativeWait = scheduler.wait as (this: unknown, ...args: unknown[]) => unknown
  Object.defineProperty(Object.getPrototypeOf(scheduler), 'wait', {
    value(this: unknown, delay?: unknown, options?: WaitOptions) {
      return this === scheduler && isSound(delay, options)
        ? wait(clock, 'scheduler.wait', delay, undefined, options)
        : nativeWait.call(this, delay, options)
    },
    configurable: true,
    writable: true,
    enumerable: false,
  })
}

/** Whether Node would take these arguments. */
function isSound(delay: unknown, options: unknown): options is WaitOptions | undefined {
  if (delay !== undefined && typeof delay !== 'number') return false
  if (options === undefined) return true
  if (options === null || typeof options !== 'object' || Array.isArray(options)) return false
  const { signal, ref } = options as Record<string, unknown>
  return (signal === undefined || signal instanceof AbortSignal) && (ref === undefined || typeof ref === 'boolean')
}

function abortError(signal: AbortSignal | undefined): Error {
  return Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  })
}

function wait(
  clock: VirtualClock,
  kind: string,
  delay: unknown,
  value: unknown,
  { signal, ref = true }: WaitOptions = {},
): Promise<unknown> {
  if (signal?.aborted) return Promise.reject(abortError(signal))
  return new Promise((resolve, reject) => {
    const callback = (): void => {
      signal?.removeEventListener('abort', onAbort)
      resolve(value)
    }
    const timer = new Timeout(clock, { kind, callback, delay, ref })
    const onAbort = (): void => {
      timer.close()
      reject(abortError(signal))
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** One value a beat: beats that nobody has asked for yet are kept and given at once. */
async function* beat(
  clock: VirtualClock,
  delay: unknown,
  value: unknown,
  { signal, ref = true }: WaitOptions = {},
): AsyncGenerator<unknown> {
  if (signal?.aborted) throw abortError(signal)
  let beats = 0
  let wake: (() => void) | null = null
  const callback = (): void => {
    beats++
    wake?.()
  }
  const onAbort = (): void => {
    timer.close()
    wake?.()
  }
  const timer = new Timeout(clock, { kind: 'timers/promises setInterval', callback, delay, repeats: true, ref })
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    while (!signal?.aborted) {
      if (beats === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      for (; beats > 0; beats--) yield value
    }
    throw abortError(signal)
  } finally {
    timer.close()
    signal?.removeEventListener('abort', onAbort)
  }
}
