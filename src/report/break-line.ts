import { stripVTControlCharacters } from 'node:util'

/**
 * Breaks a line of a report, which may hold colours, into lines of at most `width` columns: after a `·` where that is enough,
 * else at a space. What follows stands under the text of the line, not under its label. A longer word stands alone.
 */
export function breakLine(line: string, width: number): string[] {
  if (lengthOf(line) <= width) return [line]
  const label = /^ *(?:\S+ {2,})?/.exec(stripVTControlCharacters(line))?.[0].length ?? 0
  const indent = ' '.repeat(Math.min(Math.max(label, 6), Math.floor(width / 2)))
  const lines: string[] = []
  let current: string | null = null
  const add = (part: string): void => {
    if (current === null) current = part
    else if (lengthOf(current) + 1 + lengthOf(part) <= width) current += ` ${part}`
    else {
      lines.push(current)
      current = indent + part
    }
  }
  for (const part of line.split(/(?<= ·) /)) {
    const fits = lengthOf(part) <= width - (current === null ? 0 : indent.length)
    for (const piece of fits ? [part] : part.split(/(?<=\S) (?=\S)/)) add(piece)
  }
  return [...lines, current ?? '']
}

/** In code points, without the colours. */
function lengthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length
}
