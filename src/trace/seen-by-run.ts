import type { FunctionInteraction, HttpInteraction, Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'

/** Times are whole microseconds: sums of them may miss each other by less. */
const ROUNDING_MS = 0.0005

/** A recording as far as the run itself saw it. */
export interface SeenByRun {
  /** Without what came after the end of the run to calls that it had left open. */
  recording: Recording
  /** The ids of those of these calls whose end came then. */
  leftOpen: ReadonlySet<string>
}

/**
 * Cuts off what came to calls that a run left open when it ended. As the process lives on their answers may still come, and reach
 * nobody who could act on them: they are neither what the run met nor an error of it.
 */
export function seenByRun(recording: Recording): SeenByRun {
  const { finish, interactions } = recording
  // Only a replay goes on behind the end of its run; an import may not know when that was.
  if (finish === null || interactions.every(({ evidence }) => evidence === undefined)) {
    return { recording, leftOpen: new Set() }
  }
  const { at_ms } = finish
  const leftOpen = new Set(interactions.filter((one) => endsLate(one, at_ms)).map(({ id }) => id))
  const isOpen = (one: Interaction): boolean => leftOpen.has(one.id) || (one.end === null && one.started_ms <= at_ms)
  const seen = interactions.map((one) => (isOpen(one) ? cutOff(one, at_ms - one.started_ms) : one))
  return { recording: { ...recording, interactions: seen }, leftOpen }
}

function endsLate(one: Interaction, at_ms: number): boolean {
  const { started_ms, end } = one
  if (end === null || started_ms > at_ms) return false
  const isLate = (offset_ms: number): boolean => started_ms + offset_ms > at_ms + ROUNDING_MS
  // Of an answer that was there as a whole nothing is missing but the word that it is over.
  if (one.kind === 'http' && one.answer !== null && end.kind === 'complete') {
    return isLate(Math.max(one.answer.headers_ms, one.answer.chunks.at(-1)?.[0] ?? 0))
  }
  return isLate(end.offset_ms)
}

function cutOff(one: Interaction, offset_ms: number): Interaction {
  if (one.kind === 'http') return { ...one, answer: cutAnswer(one.answer, offset_ms), end: null }
  const { value: _, ...call } = one
  return { ...call, end: null } satisfies FunctionInteraction
}

function cutAnswer(answer: HttpInteraction['answer'], offset_ms: number): HttpInteraction['answer'] {
  if (answer === null || answer.headers_ms > offset_ms + ROUNDING_MS) return null
  return { ...answer, chunks: answer.chunks.filter(([at]) => at <= offset_ms + ROUNDING_MS) }
}
