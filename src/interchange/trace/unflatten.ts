import type { JsonObject, JsonValue } from '../../core/json.ts'

type Tree = Map<string, Tree | JsonValue>

/**
 * The value that flat attributes spell out: `llm.input_messages.0.message.role` and its like under `llm.input_messages`. What has
 * only numbers for keys is a list, in order of the numbers. Undefined when there is no such attribute.
 */
export function unflatten(attributes: JsonObject, prefix: string): JsonValue | undefined {
  const root: Tree = new Map()
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith(`${prefix}.`)) place(root, key.slice(prefix.length + 1).split('.'), value)
  }
  return root.size === 0 ? undefined : build(root)
}

/** Deeper ones are no lists of messages. */
const MAX_DEPTH = 12

function place(root: Tree, path: string[], value: JsonValue): void {
  if (path.length > MAX_DEPTH) return
  let at = root
  for (const key of path.slice(0, -1)) {
    const next = at.get(key)
    if (next instanceof Map) at = next
    else {
      const fresh: Tree = new Map()
      at.set(key, fresh)
      at = fresh
    }
  }
  const last = path.at(-1) as string
  if (!(at.get(last) instanceof Map)) at.set(last, value)
}

function build(tree: Tree): JsonValue {
  const entries = [...tree].map(([key, value]) => [key, value instanceof Map ? build(value) : value] as const)
  if (!entries.every(([key]) => /^\d+$/.test(key))) return Object.fromEntries(entries)
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value)
}
