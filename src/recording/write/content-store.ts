import { sha256 } from '../../core/hash.ts'
import type { HeaderList } from '../../model/interaction.ts'
import { isTooLong, MIN_BLOB_LENGTH, REFERENCE_KEYS } from '../format.ts'

/** A position in the trie of all lists: the list of blobs on the way from the root to here. */
export interface ListNode {
  readonly depth: number
  readonly parent: ListNode | null
  readonly blob: string
  readonly children: Map<string, ListNode>
  /** The list that brought this node into the recording; null until one is written. */
  list: string | null
  /** The list that ends here. */
  end: string | null
}

/** What a recording stores once and refers to. New content is queued as lines (without braces) until `take` fetches them. */
export class ContentStore {
  /** The empty list, where every list starts. */
  readonly root: ListNode = { depth: 0, parent: null, blob: '', children: new Map(), list: null, end: null }
  readonly #digest: (content: string) => string
  readonly #digests = new Map<string, string>()
  readonly #headerBlobs = new Map<string, { blob: string; headers: HeaderList }>()
  #queue: string[] = []
  #lists = 0

  /** @param digest Hash of a blob's content in hex; ids are its first 16 digits, more when two contents share them. */
  constructor(digest: (content: string) => string = sha256) {
    this.#digest = digest
  }

  /** The id of a blob with this content; queues it when it is new. */
  blob(kind: 'json' | 'text' | 'base64', content: string): string {
    const digest = this.#digest(`${kind}\0${content}`)
    let length = 16
    while (length < digest.length && (this.#digests.get(digest.slice(0, length)) ?? digest) !== digest) length += 8
    const id = digest.slice(0, length)
    if (!this.#digests.has(id)) {
      const body = kind === 'json' ? escapeReferences(content) : JSON.stringify(content)
      const line = `"kind":"blob","id":"${id}","${kind}":${body}`
      if (isTooLong(line)) throw new Error(`content of ${content.length} characters does not fit in a line`)
      this.#digests.set(id, digest)
      this.#queue.push(line)
    }
    return id
  }

  /** The list that is longer by one blob. */
  extend(node: ListNode, blob: string): ListNode {
    const known = node.children.get(blob)
    if (known !== undefined) return known
    const depth = node.depth + 1
    const next: ListNode = { depth, parent: node, blob, children: new Map(), list: null, end: null }
    node.children.set(blob, next)
    return next
  }

  /** The id of the list that ends at a node; queues the part that is new. */
  list(node: ListNode): string {
    if (node.end !== null) return node.end
    const fresh: ListNode[] = []
    let shared: ListNode = node
    while (shared.list === null && shared.parent !== null) {
      fresh.push(shared)
      shared = shared.parent
    }
    const id = `l${++this.#lists}`
    const add = fresh.reverse().map((item) => `"${item.blob}"`)
    const parent = shared.list === null ? 'null' : `"${shared.list}"`
    for (const item of fresh) item.list = id
    node.end = id
    this.#queue.push(`"kind":"list","id":"${id}","parent":${parent},"keep":${shared.depth},"add":[${add.join(',')}]`)
    return id
  }

  /** Header lines as they are stored: themselves when short, else a blob, or a blob and the values that differ. */
  headers(lines: HeaderList): string {
    const text = JSON.stringify(lines)
    if (text.length < MIN_BLOB_LENGTH) return text
    const names = JSON.stringify(lines.map(([name]) => name))
    const known = this.#headerBlobs.get(names)
    if (known !== undefined) {
      const set = lines.flatMap(([, value], i) => (known.headers[i]?.[1] === value ? [] : [[i, value]]))
      const changes = set.length === 0 ? '' : `,"set":${JSON.stringify(set)}`
      if (changes.length * 2 < text.length) return `{"$blob":"${known.blob}"${changes}}`
    }
    const id = this.blob('json', text)
    this.#headerBlobs.set(names, { blob: id, headers: lines })
    return `{"$blob":"${id}"}`
  }

  /** Names of headers as they are stored: themselves when short, else a blob. */
  names(names: readonly string[]): string {
    const text = JSON.stringify(names)
    return text.length < MIN_BLOB_LENGTH ? text : `{"$blob":"${this.blob('json', text)}"}`
  }

  /** The queued lines, oldest first; empties the queue. */
  take(): string[] {
    const taken = this.#queue
    this.#queue = []
    return taken
  }
}

/** JSON that may stand in a line: itself, or as `{"$json":"…"}` when it holds what a reader would take for a reference. */
export function escapeReferences(json: string): string {
  if (!json.includes('{"$')) return json
  for (const key of REFERENCE_KEYS) {
    if (json.includes(`{"${key}":`)) return `{"$json":${JSON.stringify(json)}}`
  }
  return json
}
