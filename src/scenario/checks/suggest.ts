/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}

const plain = (word: string): string => word.toLowerCase().replace(/[-_\s.]/g, '')

/** How far `word` is from `option`; infinite when nobody would mean it. */
function distance(word: string, option: string): number {
  const a = plain(word)
  const b = plain(option)
  if (a === b) return 0
  const edits = editDistance(a, b)
  if (edits <= Math.max(1, Math.floor(Math.max(a.length, b.length) / 3))) return edits
  let shared = 0
  while (shared < a.length && a[shared] === b[shared]) shared++
  const isPart =
    shared >= Math.max(3, Math.min(a.length, b.length) - 1) || option.split('_').includes(word.toLowerCase())
  return isPart ? 100 + edits : Number.POSITIVE_INFINITY
}

/** The option that a misspelt word most likely means, or null. */
export function suggest(word: string, options: readonly string[]): string | null {
  if (word.length > 64) return null
  let best: string | null = null
  let least = Number.POSITIVE_INFINITY
  for (const option of options) {
    const far = distance(word, option)
    if (far < least) {
      least = far
      best = option
    }
  }
  return best
}

/** Text from a file as it may stand in a message: in back-ticks, at most 60 characters, control characters escaped. */
export function quote(text: string): string {
  const clipped = text.length > 60 ? `${text.slice(0, 59)}…` : text
  return `\`${clipped.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (char) => JSON.stringify(char).slice(1, -1))}\``
}
