import { canonicalJson } from '../core/canonical-json.ts'
import { isJsonObject, type JsonValue } from '../core/json.ts'
import type { CanonicalCall } from './canonical-call.ts'
import type { EvidenceEntry } from './evidence-index.ts'

/**
 * The recorded call whose content is closest: most of the same messages, tools and parameters. Calls of the same kind only,
 * those of the same target before all others; of equals, one that is still unused, then the latest.
 *
 * Comparing part by part reads a whole history each time. Only calls that look close from outside are compared so: the work
 * grows with the history, not with the history times the calls.
 */
export function findNearest(call: CanonicalCall, entries: readonly EvidenceEntry[]): EvidenceEntry | null {
  const wanted = partsOf(call)
  let best: { entry: EvidenceEntry; score: number } | null = null
  for (const entry of shortlist(call, entries)) {
    const isSame = entry.call.target === call.target
    const targets = isSame ? 2 : similarity(stepsOf(entry.call.target), stepsOf(call.target))
    const score = targets + similarity(wanted, partsOf(entry.call)) + (entry.used ? 0 : 1e-6)
    if (best === null || score >= best.score) best = { entry, score }
  }
  // Another target with little in common is no neighbour.
  return best !== null && best.score >= MIN_SCORE ? best.entry : null
}

/** How many calls are compared part by part for each of the two ways in which calls look close. */
const SHORTLISTED = 6

/**
 * The calls that may be closest, in recorded order: those that share most of their beginning and end with the one that is
 * looked for, and those that are about as long, which of a growing history are of the same turn.
 */
function shortlist(call: CanonicalCall, entries: readonly EvidenceEntry[]): EvidenceEntry[] {
  const alike = entries.filter((entry) => entry.call.kind === call.kind)
  const same = alike.filter((entry) => entry.call.target === call.target)
  const distinct = dropRepeats(same.length > 0 ? same : alike)
  if (distinct.length <= 2 * SHORTLISTED) return distinct
  const { text } = call
  const measured = distinct.map((entry) => ({
    entry,
    edges: commonEdges(entry.call.text, text) / Math.max(entry.call.text.length, text.length),
    off: Math.abs(entry.call.text.length - text.length),
  }))
  const close = new Set([
    ...measured.toSorted((a, b) => b.edges - a.edges).slice(0, SHORTLISTED),
    ...measured.toSorted((a, b) => a.off - b.off).slice(0, SHORTLISTED),
  ])
  return measured.filter((one) => close.has(one)).map(({ entry }) => entry)
}

/** Of calls that ask the same, the one whose answer may still be given, else the latest. */
function dropRepeats(entries: readonly EvidenceEntry[]): EvidenceEntry[] {
  const kept = new Map<string, EvidenceEntry>()
  for (const entry of entries) {
    const other = kept.get(entry.call.text)
    if (other === undefined || other.used || !entry.used) kept.set(entry.call.text, entry)
  }
  return [...kept.values()]
}

/** How many characters two texts share at their beginning and at their end. */
function commonEdges(a: string, b: string): number {
  const head = commonLength(a.length, b.length, (n) => a.slice(0, n) === b.slice(0, n))
  const rest = Math.min(a.length, b.length) - head
  return head + commonLength(rest, rest, (n) => n === 0 || a.slice(-n) === b.slice(-n))
}

/** The greatest length for which `isCommon` holds, by bisection: comparing two slices costs next to nothing. */
function commonLength(a: number, b: number, isCommon: (length: number) => boolean): number {
  let low = 0
  let high = Math.min(a, b)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (isCommon(middle)) low = middle
    else high = middle - 1
  }
  return low
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
