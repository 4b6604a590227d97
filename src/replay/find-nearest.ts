import { canonicalJson } from '../core/canonical-json.ts'
import { isJsonObject, type JsonValue } from '../core/json.ts'
import type { CanonicalCall } from './canonical-call.ts'
import type { EvidenceEntry } from './evidence-index.ts'

/**
 * The recorded call whose content is closest: most of the same messages, tools and parameters. Calls of the same kind only,
 * those of the same target before all others; of equals, one that is still unused, then the latest.
 */
export function findNearest(call: CanonicalCall, entries: readonly EvidenceEntry[]): EvidenceEntry | null {
  const wanted = partsOf(call)
  let best: { entry: EvidenceEntry; score: number } | null = null
  for (const entry of entries) {
    if (entry.call.kind !== call.kind) continue
    const isSame = entry.call.target === call.target
    const targets = isSame ? 2 : similarity(stepsOf(entry.call.target), stepsOf(call.target))
    const score = targets + similarity(wanted, partsOf(entry.call)) + (entry.used ? 0 : 1e-6)
    if (best === null || score >= best.score) best = { entry, score }
  }
  // Another target with little in common is no neighbour.
  return best !== null && best.score >= MIN_SCORE ? best.entry : null
}

/** A call of another target has to agree in half of its target when it agrees in all of its content. */
const MIN_SCORE = 1.5

/** The steps of a target, each of equal weight: `POST`, the origin, and the parts of the path. */
function stepsOf(target: string): Map<string, number> {
  const [method = '', href = ''] = target.split(' ')
  const url = URL.parse(href)
  const steps = url === null ? [method, href] : [method, url.origin, ...url.pathname.split('/').slice(1)]
  return new Map(steps.map((step, index) => [`${Math.min(index, 2)} ${step}`, 1]))
}

const cache = new WeakMap<CanonicalCall, Map<string, number>>()

/** The pieces of a call with their weights: each element of a list counts by itself, so that a shared history counts. */
function partsOf(call: CanonicalCall): Map<string, number> {
  let parts = cache.get(call)
  if (parts !== undefined) return parts
  parts = new Map()
  const add = (path: string, value: JsonValue): void => {
    const text = canonicalJson(value)
    parts?.set(`${path}=${text}`, Math.sqrt(text.length))
  }
  const walk = (path: string, value: JsonValue, depth: number): void => {
    if (Array.isArray(value)) for (const element of value) add(path, element)
    else if (isJsonObject(value) && depth < 2)
      for (const key of Object.keys(value)) walk(`${path}.${key}`, value[key] as JsonValue, depth + 1)
    else add(path, value)
  }
  walk('$', call.content, 0)
  cache.set(call, parts)
  return parts
}

/** Weight of what two calls share over the weight of all, 0 to 1. */
function similarity(a: Map<string, number>, b: Map<string, number>): number {
  let shared = 0
  let all = 0
  for (const [part, weight] of a) {
    all += weight
    if (b.has(part)) shared += weight
  }
  for (const [part, weight] of b) if (!a.has(part)) all += weight
  return all === 0 ? 1 : shared / all
}
