import { createTwoFilesPatch } from 'diff'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Divergence, DivergenceKind } from '../model/verdict.ts'
import { printCanonical } from './canonical-body.ts'
import { classifyDifference } from './classify-difference.ts'
import type { RunKnowledge } from './generated-values.ts'
import { type Difference, listDifferences } from './list-differences.ts'

/** Longest value that is shown whole, characters. */
const SHOWN = 2_000

/** How much is shown before the first difference of longer ones, characters. */
const LEAD = 200

/** What sets two calls of one target apart: the place, and the likely kind. */
export interface DescribedDifference {
  difference: Divergence['difference']
  kind: DivergenceKind
}

/**
 * The one place that best says what sets two contents apart: a JSON path into the body (`$`), the query (`query`) or the
 * arguments (`args`), both values there and a line diff of the text. Values that programs make come last: where anything else
 * differs, they are noise. Null when the two are equal.
 */
export function describeDifference(recorded: JsonObject, asked: JsonObject, known: RunKnowledge): DescribedDifference {
  const found = differencesOf(recorded, asked).map((one) => ({
    one,
    kind: classifyDifference(one, recorded, asked, known),
  }))
  const chosen = found.find(({ kind }) => !NOISE.includes(kind)) ?? found[0]
  if (chosen === undefined) return { difference: null, kind: 'request_changed' }
  return { difference: showDifference(chosen.one), kind: chosen.kind }
}

const NOISE: readonly DivergenceKind[] = ['generated_value', 'clock', 'randomness']

/** All places where the contents of two calls differ. */
export function differencesOf(recorded: JsonObject, asked: JsonObject): Difference[] {
  return listDifferences(withSections(recorded, asked), withSections(asked, recorded))
}

/** A call without a query or a header that counts has none of its fields. */
function withSections(content: JsonObject, other: JsonObject): JsonObject {
  return { ...(other.headers && { headers: {} }), ...(other.query && { query: {} }), ...content }
}

/** The place where two calls of different targets differ first: the target itself. */
export function describeTargets(recorded: string, asked: string): Divergence['difference'] {
  return showDifference({ path: 'request', recorded, asked })
}

function showDifference({ path, recorded, asked }: Difference): NonNullable<Divergence['difference']> {
  const [before, after] = cutAlike(toText(recorded), toText(asked))
  return {
    path: showPath(path),
    recorded: before ?? null,
    asked: after ?? null,
    text_diff: lineDiff(before ?? '', after ?? ''),
  }
}

/** A path into the content of a call as a scenario writes it. */
export function showPath(path: string): string {
  const shown = path.replace(/^\.body/, '$').replace(/^\.headers/, 'header')
  return shown.replace(/^\.(query|args|text|base64)/, '$1') || '$'
}

/** Two texts short enough to be shown: of long ones, the part around their first difference. */
function cutAlike(before: string | undefined, after: string | undefined): [string | undefined, string | undefined] {
  let at = 0
  if (before !== undefined && after !== undefined) while (at < before.length && before[at] === after[at]) at++
  const from = Math.max(before?.length ?? 0, after?.length ?? 0) > SHOWN ? Math.max(0, at - LEAD) : 0
  const cut = (text: string): string =>
    `${from > 0 ? '…' : ''}${text.slice(from, from + SHOWN)}${text.length > from + SHOWN ? '…' : ''}`
  return [before === undefined ? undefined : cut(before), after === undefined ? undefined : cut(after)]
}

/** A value as text for people. */
export function toText(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : printCanonical(value)
}

/** The lines in which two texts differ, with so many equal ones around them. */
export function lineDiff(before: string, after: string, context = 1): string {
  const patch = createTwoFilesPatch('recorded', 'asked', before, after, '', '', { context })
  const lines = patch.split('\n').slice(4)
  return lines
    .filter((line) => !line.startsWith('\\'))
    .join('\n')
    .trimEnd()
}
