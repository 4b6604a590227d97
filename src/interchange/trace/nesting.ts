/** Where a JSON text is first nested deeper than a limit, as an offset; -1 when nowhere. Strings are passed over. */
export function findTooDeep(text: string, limit: number): number {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === 0x5c) at++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return at
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return -1
}
