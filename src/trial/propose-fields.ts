import { asVolatilePath } from '../replay/remedies.ts'
import type { LearnedField } from '../scenario/propose/propose-volatile.ts'

/** A field in which what one replay asks differs from what was recorded. */
export interface ObservedField {
  /** As `replay.volatile` takes it; null for one that may not be volatile. */
  path: string | null
  /** Where it is, for people. */
  shown: string
  /** Both values as JSON. */
  recorded: string
  replayed: string
  /** Whether something is there on one side only, or in another order: then another question is asked, not another value sent. */
  isWhole: boolean
}

/** Names of fields that count, number or time something: they differ from the recorded run also where two replays agree. */
const COUNTERS =
  /(^|[_.'[-])(id|no|nr|num|number|seq|sequence|count|counter|index|pid|uptime|ts|time|timestamp|nonce|elapsed)('?\])?$/i

/** Fields that hold the question to a model. */
const QUESTION =
  /^\$\.(messages|system|systemInstruction|system_instruction|instructions|contents|prompt|input|tools|model)\b/

/**
 * Decides which of the fields that were seen to differ are proposed as volatile.
 *
 * @param replays What differed: first as it was recorded, then under another seed and another clock.
 */
export function proposeFields(replays: readonly Map<string, ObservedField>[]): LearnedField[] {
  const places = joinIndexes([...new Set(replays.flatMap((seen) => [...seen.keys()]))])
  const fields = new Map<string, LearnedField>()
  for (const [shown, general] of places) {
    const seen = replays.map((one) => one.get(shown))
    const first = seen.find((one) => one !== undefined)
    if (first === undefined || fields.has(general)) continue
    const replayed = seen.flatMap((one) => (one === undefined ? [] : [one.replayed]))
    const path = general === shown ? first.path : general
    const { proposed, why } = judge(first, path, seen)
    fields.set(general, { path: path ?? shown, recorded: first.recorded, replayed, proposed, why })
  }
  return [...fields.values()]
}

type Judged = Pick<LearnedField, 'proposed' | 'why'>

function judge(first: ObservedField, path: string | null, seen: readonly (ObservedField | undefined)[]): Judged {
  const [as, other] = seen
  const isConstant = as !== undefined && as.replayed === other?.replayed
  if (first.isWhole) return { proposed: false, why: 'what is asked differs here, not only a value' }
  if (path === null) return { proposed: false, why: 'this cannot be volatile' }
  if (isConstant && !(COUNTERS.test(path) && /^\d+$/.test(as.replayed))) {
    return { proposed: false, why: 'the same in each replay: has the agent changed since it was recorded?' }
  }
  if (as === undefined && QUESTION.test(path)) {
    return { proposed: false, why: 'part of the question, and differs only under another seed or another clock' }
  }
  return {
    proposed: true,
    why: as === undefined ? 'differs under another seed and another clock' : 'differs in each run',
  }
}

/** Each place with the path that stands for it: with `[*]` where it is the same field of several elements of a list. */
function joinIndexes(places: readonly string[]): [place: string, general: string][] {
  const generalOf = (place: string): string => place.replace(/\[\d+\]/g, '[*]')
  const alike = Map.groupBy(places, generalOf)
  return places.map((place) => {
    const general = generalOf(place)
    const isSeveral = (alike.get(general)?.length ?? 0) > 1
    return [place, isSeveral && asVolatilePath(general) !== null ? general : place]
  })
}
