import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../core/json.ts'
import { MAX_VALUE_NESTING, MIN_BLOB_LENGTH, REFERENCE_KEYS } from '../format.ts'
import { type ContentStore, escapeReferences, type ListNode } from './content-store.ts'
import { createKnownLists, type RepeatedStart } from './known-lists.ts'

/** A property of a body: its value, its JSON, and that of its elements when it is an array. */
interface Part {
  key: string
  value: JsonValue
  json: string
  items: string[] | null
}

/** Turns JSON into the structure that is stored: long parts as blobs, long arrays as lists of blobs. */
export interface BodyEncoder {
  /** The structure of a body; null when it is no JSON object, or not exactly what `JSON.stringify` would write. */
  body(text: string): string | null
  /** The structure of a value; an array is taken as a tuple of values. */
  value(value: JsonValue): string
}

const MIN_REMEMBERED = 4096

/**
 * The cost of a body that repeats the start of an earlier one up to some element of its longest list (an agent that re-sends its
 * history) is that of what is new: the known start is compared, not parsed.
 */
export function createBodyEncoder(store: ContentStore): BodyEncoder {
  const known = createKnownLists()

  function piece(json: string): string {
    return json.length < MIN_BLOB_LENGTH ? escapeReferences(json) : `{"$blob":"${store.blob('json', json)}"}`
  }

  function listNodes(items: string[], from: ListNode): ListNode[] {
    let node = from
    return items.map((item) => {
      node = store.extend(node, store.blob('json', item))
      return node
    })
  }

  function listReference(nodes: ListNode[]): string {
    return `{"$list":"${store.list(nodes.at(-1) ?? store.root)}"}`
  }

  function part({ value, json, items }: Part): string {
    if (items === null || json.length < MIN_BLOB_LENGTH) return piece(json)
    if (Array.isArray(value) && value.some(wrapsMessage)) return `[${value.map(tupleItem).join(',')}]`
    return listReference(listNodes(items, store.root))
  }

  function tupleItem(item: JsonValue): string {
    return isJsonObject(item) ? object(splitObject(item)) : piece(JSON.stringify(item))
  }

  function object(parts: Part[], encode = part): string {
    const [only] = parts
    if (only !== undefined && parts.length === 1 && REFERENCE_KEYS.has(only.key)) {
      return escapeReferences(joinParts(parts))
    }
    return `{${parts.map((item) => `${JSON.stringify(item.key)}:${encode(item)}`).join(',')}}`
  }

  function body(text: string): string | null {
    const repeated = text.length < MIN_REMEMBERED ? null : known.find(text)
    const source = repeated === null ? text : repeated.rest
    const value = text.startsWith('{') ? parseJson(source) : undefined
    if (!isJsonObject(value) || isDeeper(value, MAX_VALUE_NESTING)) return null
    const parts = splitObject(value)
    if (joinParts(parts) !== source) return null
    return repeated === null ? firstBody(text, parts) : repeatedBody(text, parts, repeated)
  }

  function firstBody(text: string, parts: Part[]): string {
    const lists = parts.filter(({ value, items }) => items !== null && !(value as JsonValue[]).some(wrapsMessage))
    const longest = lists.sort((a, b) => b.json.length - a.json.length)[0]
    if (longest === undefined || longest.json.length < MIN_REMEMBERED) return object(parts)
    const items = longest.items as string[]
    const nodes = listNodes(items, store.root)
    const before = parts.slice(0, parts.indexOf(longest))
    const start = joinParts(before).length + (before.length === 0 ? 0 : 1) + JSON.stringify(longest.key).length + 1
    known.remember({ text, key: longest.key, start, ends: endsOf(items, start), nodes })
    return object(parts, (item) => (item === longest ? listReference(nodes) : part(item)))
  }

  function repeatedBody(text: string, parts: Part[], { list, count }: RepeatedStart): string {
    const ends = list.ends.slice(0, count)
    const nodes = list.nodes.slice(0, count)
    const items = parts.find(({ key }) => key === list.key)?.items ?? []
    ends.push(...endsOf(items, (ends.at(-1) as number) + 1))
    nodes.push(...listNodes(items, nodes.at(-1) as ListNode))
    known.remember({ text, key: list.key, start: list.start, ends, nodes })
    return object(parts, (item) => (item.key === list.key ? listReference(nodes) : part(item)))
  }

  return {
    body: (text) => {
      try {
        return body(text)
      } catch {
        return null // nested too deep for JSON.stringify: kept as text
      }
    },
    value(value) {
      const json = JSON.stringify(value)
      if (json.length < MIN_BLOB_LENGTH) return escapeReferences(json)
      return Array.isArray(value) ? `[${value.map(tupleItem).join(',')}]` : tupleItem(value)
    },
  }
}

function splitObject(value: JsonObject): Part[] {
  return Object.keys(value).map((key) => {
    const field = value[key] as JsonValue
    const items = Array.isArray(field) ? field.map((item) => JSON.stringify(item)) : null
    return { key, value: field, json: items === null ? JSON.stringify(field) : `[${items.join(',')}]`, items }
  })
}

/** The JSON of the object that consists of these parts. */
function joinParts(parts: Part[]): string {
  return `{${parts.map(({ key, json }) => `${JSON.stringify(key)}:${json}`).join(',')}}`
}

/** Where each element ends in a text in which the first starts at `start` and one comma stands between them. */
function endsOf(items: string[], start: number): number[] {
  let end = start - 1
  return items.map((item) => {
    end += 1 + item.length
    return end
  })
}

/** True for `{ …, message: { role, … } }`: a model's answer around a message that will be sent back as it is. */
function wrapsMessage(item: JsonValue): boolean {
  return isJsonObject(item) && Object.values(item).some((part) => isJsonObject(part) && typeof part.role === 'string')
}

/** True when a value is nested deeper than a limit. */
function isDeeper(value: JsonValue, limit: number): boolean {
  if (value === null || typeof value !== 'object') return false
  if (limit === 0) return true
  return Object.values(value).some((item) => isDeeper(item, limit - 1))
}
