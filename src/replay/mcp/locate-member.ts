/** Where a value stands in a text: from its first character to behind its last. */
export interface Span {
  from: number
  to: number
}

/** Finds the value at a path of keys in the text of a JSON object, which has to be sound; null when there is none. */
export function locateMember(text: string, keys: readonly string[], start = 0): Span | null {
  const [key, ...rest] = keys
  let at = skipSpace(text, start)
  if (text[at] !== '{') return null
  at = skipSpace(text, at + 1)
  while (text[at] === '"') {
    const name = { from: at, to: endOfValue(text, at) }
    const from = skipSpace(text, skipSpace(text, name.to) + 1)
    const to = endOfValue(text, from)
    if (JSON.parse(text.slice(name.from, name.to)) === key) {
      return rest.length === 0 ? { from, to } : locateMember(text, rest, from)
    }
    at = skipSpace(text, skipSpace(text, to) + 1)
  }
  return null
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (/\s/.test(text[at] ?? '')) at++
  return at
}

function endOfValue(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const character = text[at] as string
    if (character === '"') at = endOfString(text, at)
    else if (character === '{' || character === '[') depth++
    else if (depth === 0 && /[\s,}\]]/.test(character)) return at
    else if (character === '}' || character === ']') depth--
    if (depth === 0 && /["}\]]/.test(character)) return at + 1
  }
  return text.length
}

/** The place of the quote that ends the string which begins here. */
function endOfString(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}
