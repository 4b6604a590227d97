import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { parseVolatilePath, type VolatilePath, type VolatileSegment } from '../scenario/checks/volatile-path.ts'

/** Where each kind of path leads in the content of a call. */
const WHERE = { body: 'body', query: 'query', header: 'headers' } as const

/** Takes the fields that a scenario calls volatile out of a call's content. */
export type IgnoreVolatile = (content: JsonObject) => JsonObject

/**
 * Makes the function that ignores the given paths; null when there are none.
 *
 * @param paths As the scenario writes them; already checked.
 */
export function createIgnoreVolatile(paths: readonly string[]): IgnoreVolatile | null {
  const parsed = paths.map(parseVolatilePath).filter((path): path is VolatilePath => 'in' in path)
  if (parsed.length === 0) return null
  return (content) => {
    const copy = structuredClone(content)
    for (const path of parsed) {
      const where = copy[WHERE[path.in]]
      const segments: VolatileSegment[] = path.in === 'body' ? path.segments : [{ key: path.name }]
      if (where !== undefined) remove(where, segments)
      // A call that has none of the headers that count has no headers at all, and likewise the query.
      if (path.in !== 'body' && isJsonObject(where) && Object.keys(where).length === 0) delete copy[WHERE[path.in]]
    }
    return copy
  }
}

function remove(value: JsonValue, [segment, ...rest]: VolatileSegment[]): void {
  if (segment === undefined) return
  for (const key of keysOf(value, segment)) {
    const holder = value as Record<string | number, JsonValue>
    // A list keeps its length: that there was an element is part of the question.
    if (rest.length > 0) remove(holder[key] as JsonValue, rest)
    else if (Array.isArray(value)) holder[key] = null
    else delete holder[key]
  }
}

function keysOf(value: JsonValue, segment: VolatileSegment): (string | number)[] {
  if (Array.isArray(value)) {
    if ('any' in segment) return [...value.keys()]
    return 'index' in segment && segment.index < value.length ? [segment.index] : []
  }
  if (!isJsonObject(value)) return []
  if ('any' in segment) return Object.keys(value)
  return 'key' in segment && Object.hasOwn(value, segment.key) ? [segment.key] : []
}
