/** The exports of a module of Node, as far as they are replaced. */
export type Exports = Record<string, unknown>

/** Puts a stand-in in the place of a function: with its name, its length, and all that is said of the property. */
export function standIn(owner: object, name: string | symbol, value: object): void {
  const property = Object.getOwnPropertyDescriptor(owner, name)
  const base: unknown = property?.value
  if (typeof base === 'function') {
    Object.defineProperty(value, 'name', { value: base.name, configurable: true })
    Object.defineProperty(value, 'length', { value: base.length, configurable: true })
  }
  const { enumerable = true } = property ?? {}
  Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable })
}
