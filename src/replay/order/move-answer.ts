import type { HttpAnswer } from '../../model/interaction.ts'

/** An answer with the time of each of its parts changed. */
export function moveAnswer(answer: HttpAnswer, move: (offset_ms: number) => number): HttpAnswer {
  return {
    ...answer,
    ...(answer.information && {
      information: answer.information.map((one) => ({ ...one, offset_ms: move(one.offset_ms) })),
    }),
    headers_ms: move(answer.headers_ms),
    chunks: answer.chunks.map(([offset, data]) => [move(offset), data]),
  }
}
