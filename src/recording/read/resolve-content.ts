import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { HeaderList, Payload } from '../../model/interaction.ts'
import { REFERENCE_KEYS } from '../format.ts'
import type { BlobRecord, ListRecord, StoredData, StoredHeaders, StoredNames } from '../schema.ts'
import { BrokenLine } from './scan-lines.ts'

const MAX_CONTENT_LENGTH = 256 * 1024 * 1024

interface Blob {
  kind: 'json' | 'text' | 'base64'
  content: string
}

/** A list up to one of its elements. The text grows by one concatenation an element, which the engine shares between lists. */
interface Element {
  text: string
}

interface List {
  parent: List | null
  keep: number
  own: Element[]
}

/** Puts back what a recording stores once and refers to. All methods throw `BrokenLine` for a reference to nothing. */
export class ContentResolver {
  readonly #blobs = new Map<string, Blob>()
  readonly #lists = new Map<string, List>()

  addBlob(record: BlobRecord): void {
    if (this.#blobs.has(record.id)) throw new BrokenLine(`blob ${record.id} is there twice`)
    if ('text' in record) this.#blobs.set(record.id, { kind: 'text', content: record.text })
    else if ('base64' in record) this.#blobs.set(record.id, { kind: 'base64', content: record.base64 })
    else this.#blobs.set(record.id, { kind: 'json', content: checkLength(this.json(record.json as JsonValue)) })
  }

  addList({ id, parent: parentId, keep, add }: ListRecord): void {
    if (this.#lists.has(id)) throw new BrokenLine(`list ${id} is there twice`)
    const parent = parentId === null ? null : this.#list(parentId)
    if (parent === null && keep > 0) throw new BrokenLine('a list without a parent cannot keep anything')
    let last = parent === null ? null : elementOf(parent, keep)
    const own = add.map((item) => {
      const json = this.#blob(item, 'json')
      last = { text: checkLength(last === null ? json : `${last.text},${json}`) }
      return last
    })
    this.#lists.set(id, { parent, keep, own })
  }

  /** The JSON of a stored structure. */
  json(tree: JsonValue): string {
    if (Array.isArray(tree)) return `[${tree.map((item) => this.json(item)).join(',')}]`
    return isJsonObject(tree) ? this.#object(tree) : JSON.stringify(tree)
  }

  value(tree: JsonValue): JsonValue {
    try {
      return JSON.parse(this.json(tree)) as JsonValue
    } catch (error) {
      throw error instanceof BrokenLine ? error : new BrokenLine('a value is not valid JSON')
    }
  }

  data(stored: StoredData): Payload {
    if (typeof stored === 'string') return { text: stored }
    if ('base64' in stored) return { base64: stored.base64 }
    if ('json' in stored) return { text: checkLength(this.json(stored.json as JsonValue)) }
    if ('$text' in stored) return { text: this.#blob(stored.$text, 'text') }
    return { base64: this.#blob(stored.$base64, 'base64') }
  }

  headers(stored: StoredHeaders): HeaderList {
    if (Array.isArray(stored)) return stored
    const lines = this.value({ $blob: stored.$blob })
    if (!isHeaderList(lines)) throw new BrokenLine(`blob ${stored.$blob} holds no headers`)
    for (const [position, value] of stored.set ?? []) {
      const line = lines[position]
      if (line === undefined) throw new BrokenLine(`there is no header at position ${position}`)
      line[1] = value
    }
    return lines
  }

  names(stored: StoredNames): string[] {
    if (Array.isArray(stored)) return stored
    const names = this.value({ $blob: stored.$blob })
    const isNames = Array.isArray(names) && names.every((name) => typeof name === 'string')
    if (!isNames) throw new BrokenLine(`blob ${stored.$blob} holds no names of headers`)
    return names as string[]
  }

  #blob(id: string, kind: Blob['kind']): string {
    const found = this.#blobs.get(id)
    if (found === undefined) throw new BrokenLine(`there is no blob ${id} before this line`)
    if (found.kind !== kind) throw new BrokenLine(`blob ${id} holds ${found.kind}, not ${kind}`)
    return found.content
  }

  #list(id: string): List {
    const found = this.#lists.get(id)
    if (found === undefined) throw new BrokenLine(`there is no list ${id} before this line`)
    return found
  }

  #object(tree: JsonObject): string {
    const keys = Object.keys(tree)
    const [only] = keys
    if (only !== undefined && keys.length === 1 && REFERENCE_KEYS.has(only)) return this.#reference(only, tree[only])
    // Concatenated, not joined: so the engine shares what bodies have in common instead of copying it into each of them.
    let text = ''
    for (const key of keys) {
      text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${this.json(tree[key] as JsonValue)}`
    }
    return text === '' ? '{}' : `${text}}`
  }

  #reference(key: string, target: JsonValue | undefined): string {
    if (typeof target !== 'string') throw new BrokenLine(`${key} must name what it stands for`)
    if (key === '$blob') return this.#blob(target, 'json')
    if (key === '$json') return target
    const list = this.#list(target)
    const last = list.own.at(-1) ?? (list.parent === null ? null : elementOf(list.parent, list.keep))
    return `[${last === null ? '' : last.text}]`
  }
}

/** The last of the first elements of a list; null for none. */
function elementOf(list: List, count: number): Element | null {
  if (count === 0) return null
  let owner: List | null = list
  while (owner !== null && count <= owner.keep) owner = owner.parent
  const found = owner?.own[count - owner.keep - 1]
  if (found === undefined) throw new BrokenLine('a list keeps more elements than its parent has')
  return found
}

/** Content that refers to content can grow exponentially; nothing that was recorded does. */
function checkLength(text: string): string {
  if (text.length > MAX_CONTENT_LENGTH) throw new BrokenLine('the content that is referred to is too long', 'too_large')
  return text
}

function isHeaderList(value: JsonValue): value is HeaderList {
  const isHeader = (line: JsonValue) =>
    Array.isArray(line) && line.length === 2 && typeof line[0] === 'string' && typeof line[1] === 'string'
  return Array.isArray(value) && value.every(isHeader)
}
