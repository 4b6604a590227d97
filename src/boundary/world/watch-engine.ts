import { standIn } from './exports.ts'

/**
 * Tells of what comes back from the engine by itself, in a turn of the loop, without a new async resource: whoever waits on memory and is
 * notified, and whoever waits for a lock.
 *
 * @param onNotify Told of each notification.
 * @param onLocks Told once, when locks are looked at: they are granted and given back without a sign.
 */
export function watchEngine(onNotify: () => void, onLocks: () => void): void {
  const notify = Atomics.notify as (...args: unknown[]) => number
  standIn(Atomics, 'notify', (...args: unknown[]) => {
    onNotify()
    return notify(...args)
  })
  const { navigator } = globalThis as { navigator?: object }
  const prototype = navigator === undefined ? null : Object.getPrototypeOf(navigator)
  const property = Object.getOwnPropertyDescriptor(prototype ?? {}, 'locks')
  const read = property?.get
  if (property === undefined || read === undefined) return
  const { get } = {
    get(this: unknown): unknown {
      onLocks()
      return read.call(this)
    },
  }
  Object.defineProperty(get, 'name', { value: read.name, configurable: true })
  Object.defineProperty(prototype, 'locks', { ...property, get })
}
