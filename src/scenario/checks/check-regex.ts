/** Longest regular expression that a scenario may hold. */
const MAX_LENGTH = 500
/** More repeats than this of something that can match in several ways may take for ever. */
const MAX_REPEATS = 10

interface Quantifier {
  min: number
  max: number
  length: number
}

/** What is inside a group, as far as it decides whether the group may be repeated. */
interface Group {
  /** Holds something that matches texts of different lengths. */
  variable: boolean
  /** First character of each alternative; null for anything but a letter, digit or space. */
  starts: (string | null)[]
  atStart: boolean
}

const newGroup = (): Group => ({ variable: false, starts: [], atStart: true })

function readQuantifier(source: string, at: number): Quantifier | null {
  const match = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(source.slice(at, at + 40))
  if (!match) return null
  const [text, sign, low, comma, high] = match
  if (sign) return { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Number.POSITIVE_INFINITY, length: text.length }
  const min = Number(low)
  const max = comma ? (high ? Number(high) : Number.POSITIVE_INFINITY) : min
  return { min, max, length: text.length }
}

/** Length of the atom at `at` that is no group: an escape, a class, or one character. */
function atomLength(source: string, at: number): number {
  if (source[at] === '\\') return 2
  if (source[at] !== '[') return 1
  let end = at + 1
  while (end < source.length && source[end] !== ']') end += source[end] === '\\' ? 2 : 1
  return end + 1 - at
}

function isAmbiguous(group: Group): boolean {
  if (group.starts.length < 2) return false
  return group.starts.includes(null) || new Set(group.starts).size < group.starts.length
}

/** True when a group that can match in several ways is itself repeated: `(a+)+`, `(a|a)*`, `(aa?)+`. */
function hasNestedRepeat(source: string): boolean {
  const stack: Group[] = [newGroup()]
  let at = 0
  while (at < source.length) {
    const group = stack.at(-1) as Group
    const char = source[at] as string
    if (char === '|') {
      if (group.atStart) group.starts.push(null)
      group.atStart = true
      at++
      continue
    }
    if (group.atStart && char !== ')') {
      group.starts.push(/[\p{L}\p{N} ]/u.test(char) ? char : null)
      group.atStart = false
    }
    if (char === '(') {
      stack.push(newGroup())
      at += /^\((?:\?(?:<?[=!]|:|<[^>]*>|[a-z-]*:))?/.exec(source.slice(at, at + 60))?.[0].length ?? 1
      continue
    }
    const isEnd = char === ')' && stack.length > 1
    at += isEnd ? 1 : atomLength(source, at)
    const quantifier = readQuantifier(source, at)
    if (quantifier) at += quantifier.length
    const inner = isEnd ? (stack.pop() as Group) : null
    if (inner?.atStart) inner.starts.push(null)
    const isLoose = inner !== null && (inner.variable || isAmbiguous(inner))
    if (isLoose && quantifier && quantifier.max > MAX_REPEATS) return true
    const holder = stack.at(-1) as Group
    holder.variable ||= isLoose || (quantifier !== null && quantifier.min !== quantifier.max)
  }
  return false
}

/** Says what is wrong with a regular expression of a scenario, or null when it can be used. */
export function findRegexProblem(source: string): { message: string; hint: string } | null {
  if (source.length > MAX_LENGTH) {
    return {
      message: `regular expression of ${source.length} characters; at most ${MAX_LENGTH} are allowed`,
      hint: 'Match a shorter, telling part of the text.',
    }
  }
  try {
    new RegExp(source)
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*\/: /s, '') : String(error)
    return { message: `not a regular expression: ${reason}`, hint: 'Escape special characters with a backslash.' }
  }
  if (!hasNestedRepeat(source)) return null
  return {
    message: 'regular expression repeats a group that can itself match in several ways, which may take for ever',
    hint: 'Repeat a single character class instead of a group, as in `[a-z ]+` for `([a-z]+ ?)+`.',
  }
}
