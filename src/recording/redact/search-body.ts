import { countRepeated } from '../count-repeated.ts'
import type { Edit } from './edits.ts'
import { findInDocument, findInString, plainEdits, type SearchRules, shiftEdits } from './find-in-document.ts'
import { type Frame, lexJson } from './lex-json.ts'

/** A body that was searched before: where each element of its arrays ends, and how many edits stand before that. */
interface KnownBody {
  text: string
  ends: number[]
  places: { edits: number; key: string; index: number }[]
  edits: Edit[]
  /** How many secrets were known then: with more, what was searched must be searched again. */
  secrets: number
}

const MIN_LENGTH = 8192
const MAX_BODIES = 4

/**
 * Searches documents, and large JSON bodies from where they begin to differ from an earlier one: an agent that re-sends its history
 * costs what is new in it.
 */
export function createDocumentSearch(rules: SearchRules): (text: string) => Edit[] {
  let known: KnownBody[] = []

  function findStart(text: string): { body: KnownBody; count: number } | null {
    let best: { body: KnownBody; count: number } | null = null
    let reach = 0
    for (const body of known) {
      const count = countRepeated(body.text, body.ends, text)
      const end = body.ends[count - 1] ?? 0
      if (end > reach) {
        best = { body, count }
        reach = end
      }
    }
    return best
  }

  return (text) => {
    if (text.length < MIN_LENGTH || text[0] !== '{' || text.includes('\n')) return findInDocument(text, rules)
    known = known.filter(({ secrets }) => secrets === rules.book.size())
    const start = findStart(text)
    const body = searchFrom(text, start, rules)
    known = [body, ...known.filter((other) => other !== start?.body)].slice(0, MAX_BODIES)
    return body.edits
  }
}

function searchFrom(text: string, start: { body: KnownBody; count: number } | null, rules: SearchRules): KnownBody {
  const ends = start === null ? [] : start.body.ends.slice(0, start.count)
  const places = start === null ? [] : start.body.places.slice(0, start.count)
  const place = places.at(-1)
  const edits = start === null ? [] : start.body.edits.slice(0, place?.edits ?? 0)
  const stack: Frame[] =
    place === undefined
      ? []
      : [
          { array: false, name: '', key: place.key, index: 0, ids: '' },
          { array: true, name: place.key, key: place.key, index: place.index, ids: '' },
        ]
  const secrets = rules.book.size()
  const end = lexJson(
    text,
    ends.at(-1) ?? 0,
    text.length,
    {
      string: (token) => void edits.push(...findInString(text, token, rules, 0)),
      elementEnd(position, { length, 0: outer, 1: inner }) {
        if (length !== 2 || outer === undefined || inner === undefined || outer.array) return
        ends.push(position)
        places.push({ edits: edits.length, key: outer.key, index: inner.index })
      },
    },
    stack,
  )
  edits.push(...shiftEdits(plainEdits(text.slice(end), rules), end))
  return { text, ends, places, edits, secrets }
}
