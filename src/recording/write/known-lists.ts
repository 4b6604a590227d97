import { countRepeated } from '../count-repeated.ts'
import type { ListNode } from './content-store.ts'

/** A list in a text that was stored before: where it starts, where each element ends, and the node of each. */
export interface KnownList {
  text: string
  /** Key of the property whose value the list is. */
  key: string
  start: number
  ends: number[]
  nodes: ListNode[]
}

/** How far a new text repeats a known list. */
export interface RepeatedStart {
  list: KnownList
  /** How many elements it repeats, at least one. */
  count: number
  /** The new text without those elements. */
  rest: string
}

const MAX_LISTS = 4
const MIN_REPEATED = 1024

/** The longest lists of the last few texts, so that what a new text repeats need not be parsed again. */
export function createKnownLists(): {
  find(text: string): RepeatedStart | null
  remember(list: KnownList): void
} {
  const lists: KnownList[] = []
  return {
    find(text) {
      let best: RepeatedStart | null = null
      for (const list of lists) {
        const count = countRepeated(list.text, list.ends, text)
        const end = list.ends[count - 1] ?? 0
        if (end >= MIN_REPEATED && end > (best === null ? 0 : (best.list.ends[best.count - 1] as number))) {
          const rest = cut(text, list.start, end)
          if (rest !== null) best = { list, count, rest }
        }
      }
      return best
    },
    remember(list) {
      const old = lists.findIndex((known) => known.nodes.at(-1) === list.nodes[known.nodes.length - 1])
      lists.splice(old === -1 ? MAX_LISTS - 1 : old, 1)
      lists.unshift(list)
    },
  }
}

/** The text without the elements between `start` and `end`; null when that would hide a comma that must not be there. */
function cut(text: string, start: number, end: number): string | null {
  if (text[end] === ']') return text.slice(0, start) + text.slice(end)
  return text[end + 1] === ']' ? null : text.slice(0, start) + text.slice(end + 1)
}
