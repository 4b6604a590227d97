/** A part of a text and what is to stand there instead. */
export interface Edit {
  from: number
  to: number
  text: string
}

/**
 * Edits a text that is split into pieces; the pieces stay, and a new part moves to where the old one began.
 *
 * @param edits In order, without overlap; positions in the whole text.
 */
export function editPieces(pieces: readonly string[], edits: Iterable<Edit>): string[] {
  const joined = pieces.join('')
  const edited = pieces.map(() => '')
  let piece = 0
  let end = pieces[0]?.length ?? 0
  let position = 0
  const skip = (): void => {
    while (position >= end && piece < pieces.length - 1) end += pieces[++piece]?.length ?? 0
  }
  const copy = (until: number): void => {
    for (skip(); position < until; skip()) {
      const stop = Math.min(until, end)
      edited[piece] += joined.slice(position, stop)
      position = stop
    }
  }
  for (const { from, to, text } of edits) {
    copy(from)
    edited[piece] += text
    position = to
  }
  copy(joined.length)
  return edited
}
