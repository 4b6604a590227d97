import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'
import { ExactNumber, type FileObject, type FileValue } from './file-value.ts'

/** Why a YAML tree gives no value, and where: an offset into the text. */
export class YamlProblem extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

const MAX_DEPTH = 200
/** All values of a file together, each alias counted as what it stands for. */
const MAX_VALUES = 5_000_000

interface Anchored {
  value: FileValue
  /** Values within it, itself included. */
  size: number
}

/** The value of a document, and the offsets of the items of each list that is a value of the top mapping. */
export function toFileValue(document: Document): { root: FileValue; places: Map<string, number[]> } {
  const walk = new Walk()
  const { value } = walk.read(document.contents, 0)
  const places = new Map<string, number[]>()
  if (isMap(document.contents)) {
    for (const { key, value: list } of document.contents.items) {
      if (isSeq(list)) places.set(keyText(key), list.items.map(offsetOf))
    }
  }
  return { root: value, places }
}

/** One pass in the order of the file, so that an alias finds the latest anchor of its name before it. */
class Walk {
  readonly #anchors = new Map<string, Anchored>()
  #total = 0

  read(node: unknown, depth: number): Anchored {
    if (depth > MAX_DEPTH) throw new YamlProblem(`it is nested deeper than ${MAX_DEPTH} levels`, offsetOf(node))
    if (isAlias(node)) return this.#alias(node.source, offsetOf(node))
    const before = this.#total
    this.#count(1, node)
    const value = this.#value(node, depth)
    const read = { value, size: this.#total - before }
    const anchor = (node as { anchor?: string } | null)?.anchor
    if (anchor !== undefined) this.#anchors.set(anchor, read)
    return read
  }

  #alias(name: string, offset: number): Anchored {
    const target = this.#anchors.get(name)
    if (target === undefined) {
      throw new YamlProblem(`the alias ${JSON.stringify(`*${name}`)} repeats nothing that stands before it`, offset)
    }
    this.#count(target.size, null, offset)
    return target
  }

  #count(size: number, node: unknown, offset = offsetOf(node)): void {
    this.#total += size
    if (this.#total > MAX_VALUES) throw new YamlProblem(`it holds more than ${MAX_VALUES} values`, offset)
  }

  #value(node: unknown, depth: number): FileValue {
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1).value)
    if (isMap(node)) {
      const object: FileObject = {}
      const keys = new Set<string>()
      for (const pair of node.items) {
        const key = keyText(pair.key)
        const value = this.read(pair.value, depth + 1).value
        // A line that was merely written twice says nothing else.
        const isOther = typeof value === 'object' || value !== object[key]
        if (keys.has(key) && isOther)
          throw new YamlProblem(`the key ${JSON.stringify(key)} stands twice`, offsetOf(pair.key))
        keys.add(key)
        // Assigned, the key `__proto__` would change what the object is.
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
      }
      return object
    }
    return isScalar(node) ? scalar(node.value, offsetOf(node)) : null
  }
}

function scalar(value: unknown, offset: number): FileValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean' || typeof value === 'string') return value
  if (value instanceof Uint8Array || value instanceof ExactNumber) return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new YamlProblem('it holds a value that no JSON can', offset)
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : ''
}

function offsetOf(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0
}
