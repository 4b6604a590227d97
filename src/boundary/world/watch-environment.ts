import { syncBuiltinESMExports } from 'node:module'
import type { SourceWatch } from '../sources.ts'

/** What is asked of any object, by code that wants to know what it is. */
const ASKED_OF_ANYTHING = ['toJSON', 'then', 'inspect', 'asymmetricMatch', 'nodeType', '$$typeof']

/** What Node itself asks for each module that it loads. No recording and no scenario has a reason to set them. */
const ASKED_BY_LOADER = ['WATCH_REPORT_DEPENDENCIES', 'NODE_V8_COVERAGE']
const PASSED_OVER = new Set([...ASKED_OF_ANYTHING, ...ASKED_BY_LOADER])

/**
 * Takes down which variables the agent's own code reads. What libraries read is left out: they read many, for every run alike.
 * Nothing of what is read or set changes.
 */
export function watchEnvironment({ seeDirect }: SourceWatch): void {
  const real = process.env
  /** The variables of a list or a copy that are still to come: it asks for each of them, and is one look at all. */
  let listing = new Set<PropertyKey>()
  /** The one that a copy is about to read. */
  let listed: PropertyKey | null = null
  const look = (name: string, value: string | undefined): void => {
    if (PASSED_OVER.has(name) || name in Object.prototype) return
    seeDirect(`env:${name}`, () => (value === undefined ? 'unset' : `set ${value}`))
  }
  const watched = new Proxy(real, {
    get(target, key) {
      const value = Reflect.get(target, key) as string | undefined
      if (listed === key) listed = null
      else if (typeof key === 'string') look(key, value)
      return value
    },
    has(target, key) {
      if (typeof key === 'string') look(key, target[key])
      return Reflect.has(target, key)
    },
    // The real one takes no description of a property that another object was given.
    set: (target, key, value) => Reflect.set(target, key, value),
    ownKeys(target) {
      seeDirect('env:*', () => JSON.stringify(target))
      const keys = Reflect.ownKeys(target)
      listing = new Set(keys)
      return keys
    },
    getOwnPropertyDescriptor(target, key) {
      if (listing.delete(key)) listed = key
      else if (typeof key === 'string') look(key, target[key])
      return Reflect.getOwnPropertyDescriptor(target, key)
    },
  })
  Object.defineProperty(process, 'env', { value: watched, configurable: true, writable: true, enumerable: true })
  syncBuiltinESMExports()
}
