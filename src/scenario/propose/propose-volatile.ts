import { type Document, isMap, isScalar, isSeq, type Scalar } from 'yaml'
import { oneLine } from './one-line.ts'

/** A field that changes from run to run of one agent, as far as that was seen. */
export interface LearnedField {
  path: string
  /** Value of the recorded run, and of each replay in which it differed, as JSON. */
  recorded: string
  replayed: string[]
  /** Whether it is proposed as volatile; otherwise it is only told of, with the reason. */
  proposed: boolean
  why: string
}

/** What replays of the unchanged agent showed. */
export interface LearnedVolatile {
  fields: LearnedField[]
  /** How many replays were looked at. */
  replays: number
  /** Why nothing could be learned; null when it could. */
  problem: string | null
}

/** Longest value that stands in a comment, characters. */
const SHOWN = 60

/** The paths that are proposed. */
export function proposedPaths(learned: LearnedVolatile | undefined): string[] {
  return (learned?.fields ?? []).filter(({ proposed }) => proposed).map(({ path }) => path)
}

/** Says at each proposed path what was observed there, and what else was seen. */
export function commentVolatile(document: Document, learned: LearnedVolatile | undefined): void {
  const list = document.getIn(['replay', 'volatile'])
  if (learned === undefined || !isSeq(list)) return
  const key = keyOf(document.getIn(['replay']), 'volatile')
  if (key !== undefined) {
    key.commentBefore = [
      `REVIEW: these fields changed in ${learned.replays} replays of the unchanged agent, one of them under another seed and another clock.`,
      'Keep those that have no bearing on the answer; the answers found by ignoring them have the grade `ignored`.',
      ...untold(learned),
    ]
      .map((line) => ` ${oneLine(line, 300)}`)
      .join('\n')
  }
  const fields = learned.fields.filter(({ proposed }) => proposed)
  for (const [i, item] of list.items.entries()) {
    if (isScalar(item) && fields[i] !== undefined) item.comment = ` ${observed(fields[i])}`
  }
}

/** Lines about what was not proposed, for where nothing was. */
export function volatileLines(learned: LearnedVolatile | undefined): string[] {
  if (learned === undefined || proposedPaths(learned).length > 0) return []
  if (learned.problem !== null) {
    return [`REVIEW: no volatile fields were looked for, as the agent cannot be replayed: ${learned.problem}`]
  }
  return untold(learned)
}

function untold({ fields }: LearnedVolatile): string[] {
  const others = fields.filter(({ proposed }) => !proposed)
  if (others.length === 0) return []
  return [
    'These differed as well, and are not proposed:',
    ...others.map((field) => `  ${field.path}   ${observed(field)}: ${field.why}`),
  ]
}

function observed({ recorded, replayed }: LearnedField): string {
  const values = [...new Set(replayed)].map((value) => oneLine(value, SHOWN))
  return `recorded ${oneLine(recorded, SHOWN)}, replayed ${values.join(' and ')}`
}

function keyOf(map: unknown, name: string): Scalar | undefined {
  if (!isMap(map)) return undefined
  const key = map.items.find((pair) => isScalar(pair.key) && pair.key.value === name)?.key
  return isScalar(key) ? key : undefined
}
