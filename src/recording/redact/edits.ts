/** Replaces what stands from `start` to `end` of a text. */
export interface Edit {
  start: number
  end: number
  text: string
}

/** The text after its edits, which are in order and do not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text
  let result = ''
  let at = 0
  for (const edit of edits) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}

/**
 * Spreads the edits of a joined text over its pieces: the new text goes where the edit starts, the rest of what it replaces is cut
 * from the pieces that follow.
 * @param lengths Length of each piece.
 * @returns The edits of each piece, in positions of that piece.
 */
export function spreadEdits(edits: readonly Edit[], lengths: readonly number[]): Edit[][] {
  let start = 0
  let next = 0
  return lengths.map((length) => {
    const end = start + length
    const own: Edit[] = []
    for (let i = next; i < edits.length; i++) {
      const edit = edits[i] as Edit
      if (edit.start >= end) break
      const starts = edit.start >= start
      own.push({
        start: Math.max(edit.start, start) - start,
        end: Math.min(edit.end, end) - start,
        text: starts ? edit.text : '',
      })
      if (edit.end > end) break
      next = i + 1
    }
    start = end
    return own
  })
}
