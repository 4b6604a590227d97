import { diffArrays } from 'diff'
import { canonicalJson } from '../core/canonical-json.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'

/** One place where two contents differ. */
export interface Difference {
  /** Where, from the content on: `.body.messages[0].content`. */
  path: string
  recorded: JsonValue | undefined
  asked: JsonValue | undefined
  /** True when the list around it holds the same elements on both sides, in another order. */
  reordered?: true
}

/** After so many places it is said that all is different. */
const MOST = 200

/** Lists that differ in more elements than that are compared place by place, not aligned. */
const MOST_ALIGNED = 600

/**
 * All places where two contents differ, those that have a value on both sides first: a longer list says less than what changed
 * inside of it, or beside it. Lists are aligned, so that an element that was put in is one difference and moves no other.
 */
export function listDifferences(recorded: JsonObject, asked: JsonObject): Difference[] {
  const found: Difference[] = []
  compare('', recorded, asked, found)
  const isChange = (one: Difference): boolean => one.recorded !== undefined && one.asked !== undefined
  return [...found.filter(isChange), ...found.filter((one) => !isChange(one))]
}

function compare(
  path: string,
  recorded: JsonValue | undefined,
  asked: JsonValue | undefined,
  found: Difference[],
): void {
  if (found.length >= MOST || recorded === asked) return
  if (Array.isArray(recorded) && Array.isArray(asked)) compareLists(path, recorded, asked, found)
  else if (isJsonObject(recorded) && isJsonObject(asked)) {
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(asked)])) {
      compare(`${path}${step(key)}`, own(recorded, key), own(asked, key), found)
    }
  } else if (recorded === undefined || asked === undefined || canonicalJson(recorded) !== canonicalJson(asked)) {
    found.push({ path, recorded, asked })
  }
}

function compareLists(path: string, recorded: JsonValue[], asked: JsonValue[], found: Difference[]): void {
  const [was, is] = [recorded, asked].map((list) => list.map(canonicalJson)) as [string[], string[]]
  const first = was.findIndex((text, i) => text !== is[i])
  if (first !== -1 && was.length === is.length && was.toSorted().join('\n') === is.toSorted().join('\n')) {
    found.push({ path: `${path}[${first}]`, recorded: recorded[first], asked: asked[first], reordered: true })
    return
  }
  for (const { from, removed, to, added } of alignLists(was, is)) {
    const both = Math.min(removed, added)
    for (let i = 0; i < both; i++) compare(`${path}[${to + i}]`, recorded[from + i], asked[to + i], found)
    for (let i = both; i < removed; i++) compare(`${path}[${from + i}]`, recorded[from + i], undefined, found)
    for (let i = both; i < added; i++) compare(`${path}[${to + i}]`, undefined, asked[to + i], found)
  }
}

/** A stretch in which two lists differ. */
interface Gap {
  /** Where it begins in the recorded list, and how many of its elements it covers. */
  from: number
  removed: number
  /** The same in the list that is asked now. */
  to: number
  added: number
}

/** The stretches in which two lists differ, everything between them being equal. */
export function alignLists(was: readonly string[], is: readonly string[]): Gap[] {
  let head = 0
  while (head < was.length && head < is.length && was[head] === is[head]) head++
  let tail = 0
  const most = Math.min(was.length, is.length) - head
  while (tail < most && was.at(-1 - tail) === is.at(-1 - tail)) tail++
  const [left, right] = [was, is].map((list) => list.slice(head, list.length - tail)) as [string[], string[]]
  const whole = { from: head, removed: left.length, to: head, added: right.length }
  if (left.length === 0 && right.length === 0) return []
  if (left.length === 0 || right.length === 0 || left.length + right.length > MOST_ALIGNED) return [whole]
  const gaps: Gap[] = []
  let at = { from: head, to: head, isOpen: false }
  for (const { count = 0, removed, added } of diffArrays(left, right)) {
    if (!removed && !added) {
      at = { from: at.from + count, to: at.to + count, isOpen: false }
      continue
    }
    if (!at.isOpen) gaps.push({ from: at.from, removed: 0, to: at.to, added: 0 })
    const gap = gaps.at(-1) as Gap
    if (removed) gap.removed += count
    else gap.added += count
    at = { from: at.from + (removed ? count : 0), to: at.to + (removed ? 0 : count), isOpen: true }
  }
  return gaps
}

/** A field of that name, not what every object has by it. */
function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

function step(key: string): string {
  return /^[A-Za-z_$][\w$-]*$/.test(key) ? `.${key}` : `['${key.replace(/['\\]/g, '\\$&')}']`
}
