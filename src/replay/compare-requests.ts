import { canonicalJson } from '../core/canonical-json.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { printCanonical } from './canonical-body.ts'
import { lineDiff, showPath, toText } from './describe-difference.ts'
import { alignLists } from './list-differences.ts'

/** One part of two requests, side by side: a message, a tool, a parameter. */
export interface ComparedPart {
  /** `same`: parts that are equal, one after the other. */
  kind: 'same' | 'changed' | 'added' | 'removed'
  /** Where it is; of several that are the same, the first. */
  path: string
  /** How many parts this is: 1 unless they are the same. */
  count: number
  /** What it is, for people: the role of a message, the name of a tool. */
  label: string
  /** Nothing for what is the same, a diff of what changed, the whole of what was added or removed. */
  text: string
}

/** Equal lines that are shown around changed ones. */
const CONTEXT = 3

/** Two requests part by part: all messages, tools and parameters, in the order of the request that is asked now. */
export function compareRequests(recorded: JsonObject, asked: JsonObject): ComparedPart[] {
  const parts: ComparedPart[] = []
  for (const section of keysOf(recorded, asked)) {
    const [was, is] = [recorded[section], asked[section]]
    if (isJsonObject(was) && isJsonObject(is)) {
      for (const key of keysOf(was, is)) compareField(`.${section}.${key}`, was[key], is[key], parts)
    } else compareField(`.${section}`, was, is, parts)
  }
  return joinSame(parts)
}

function keysOf(recorded: JsonObject, asked: JsonObject): string[] {
  return [...new Set([...Object.keys(asked), ...Object.keys(recorded)])]
}

function compareField(at: string, was: JsonValue | undefined, is: JsonValue | undefined, parts: ComparedPart[]): void {
  if (!Array.isArray(was) || !Array.isArray(is)) {
    parts.push(comparePart(showPath(at), was, is))
    return
  }
  const place = (index: number): string => showPath(`${at}[${index}]`)
  let next = 0
  const same = (until: number): void => {
    for (; next < until; next++) parts.push(comparePart(place(next), is[next], is[next]))
  }
  for (const { from, removed, to, added } of alignLists(was.map(canonicalJson), is.map(canonicalJson))) {
    same(to)
    const both = Math.min(removed, added)
    for (let i = 0; i < both; i++) parts.push(comparePart(place(to + i), was[from + i], is[to + i]))
    for (let i = both; i < removed; i++) parts.push(comparePart(place(from + i), was[from + i], undefined))
    for (let i = both; i < added; i++) parts.push(comparePart(place(to + i), undefined, is[to + i]))
    next = to + added
  }
  same(is.length)
}

function comparePart(path: string, was: JsonValue | undefined, is: JsonValue | undefined): ComparedPart {
  const part = { path, count: 1, label: labelOf(is ?? was) }
  if (was === undefined) return { ...part, kind: 'added', text: printPart(is) }
  if (is === undefined) return { ...part, kind: 'removed', text: printPart(was) }
  if (was === is || canonicalJson(was) === canonicalJson(is)) return { ...part, kind: 'same', text: '' }
  return { ...part, kind: 'changed', text: lineDiff(printPart(was), printPart(is), CONTEXT) }
}

/** Equal parts that follow each other are one line. */
function joinSame(parts: ComparedPart[]): ComparedPart[] {
  const joined: ComparedPart[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (last?.kind === 'same' && part.kind === 'same') last.count++
    else joined.push(part)
  }
  return joined
}

function labelOf(part: JsonValue | undefined): string {
  if (!isJsonObject(part)) return ''
  const inner = isJsonObject(part.function) ? part.function.name : undefined
  const label = part.role ?? part.name ?? inner ?? part.type
  return typeof label === 'string' ? label : ''
}

/** A message as it reads: its text as it is, whatever else it holds below. */
function printPart(part: JsonValue | undefined): string {
  if (!isJsonObject(part) || typeof part.content !== 'string') return toText(part) ?? ''
  const { content, ...rest } = part
  return `${printCanonical(rest)}\n${content}`
}
