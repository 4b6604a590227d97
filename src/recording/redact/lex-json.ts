import { parseJson } from '../../core/json.ts'

/** A container that is open at some place of a JSON text. */
export interface Frame {
  readonly array: boolean
  /** The key or position of this container in the one around it. */
  readonly name: string
  /** The key that the next value belongs to; in an array, that of the array. */
  key: string
  index: number
  /** Members that tell parallel parts of a stream apart: `index=1`. */
  ids: string
}

/** A string of a JSON text, without its quotes. */
export interface JsonString {
  start: number
  end: number
  isKey: boolean
  /** The key whose value this is (or, within an array, that of the array); the key itself for a key; '' at the top. */
  name: string
}

export interface LexVisitor {
  string(token: JsonString, stack: readonly Frame[]): void
  /** Called for a number, `true`, `false` or `null`. */
  scalar?(start: number, end: number, stack: readonly Frame[]): void
  /** Called when an element of an array has ended, with the position behind it. */
  elementEnd?(position: number, stack: readonly Frame[]): void
}

/**
 * Walks over the first JSON value at or after a position, and says where it ended. It does not validate: a text that breaks off, or
 * is no JSON, is followed as far as it goes. A stack resumes the walk within an array, behind one of its elements.
 */
export function lexJson(text: string, from: number, to: number, visitor: LexVisitor, stack: Frame[] = []): number {
  const base = stack.length === 0
  let at = from
  while (at < to) {
    const code = text.charCodeAt(at)
    const top = stack.at(-1)
    if (isSpace(code) || code === COLON) at++
    else if (code === COMMA) {
      if (top === undefined) return at
      at++
      top.index++
      if (!top.array) top.key = ''
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      const array = code === OPEN_ARRAY
      stack.push({ array, name: nameOf(top), key: array ? (top?.key ?? '') : '', index: 0, ids: '' })
      at++
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      if (top === undefined) return at
      stack.pop()
      at = ended(at + 1)
      if (stack.length === 0) return at
    } else if (code === QUOTE) {
      const end = endOfString(text, at + 1, to)
      const isKey = top !== undefined && !top.array && isFollowedByColon(text, end + 1, to)
      const raw = { start: at + 1, end, isKey, name: isKey ? text.slice(at + 1, end) : (top?.key ?? '') }
      if (isKey) (top as Frame).key = raw.name
      visitor.string(raw, stack)
      at = end + 1
      if (!isKey) ended(at)
      if (base && stack.length === 0) return Math.min(at, to)
    } else {
      const end = endOfScalar(text, at, to)
      if (end === at || top === undefined) return at
      visitor.scalar?.(at, end, stack)
      at = ended(end)
    }
  }
  return to

  function ended(position: number): number {
    if (stack.at(-1)?.array === true) visitor.elementEnd?.(position, stack)
    return position
  }
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function nameOf(top: Frame | undefined): string {
  return top === undefined ? '' : top.array ? String(top.index) : top.key
}

/** Position of the quote that closes a string, or the end of the text. */
function endOfString(text: string, start: number, to: number): number {
  for (let end = text.indexOf('"', start); end !== -1 && end < to; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (end - 1 - slashes >= start && text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
  return to
}

function isFollowedByColon(text: string, from: number, to: number): boolean {
  let at = from
  while (at < to && isSpace(text.charCodeAt(at))) at++
  return at < to && text.charCodeAt(at) === COLON
}

/** End of a number or literal; its start when there is none. */
function endOfScalar(text: string, from: number, to: number): number {
  SCALAR.lastIndex = from
  const match = SCALAR.exec(text)
  return match === null ? from : Math.min(from + match[0].length, to)
}
const SCALAR = /-?\d[\d.eE+-]{0,400}|true|false|null/y

/** The text that a JSON string stands for; null when its escapes are wrong. A string that breaks off is read as far as it goes. */
export function decodeString(raw: string): string | null {
  if (!raw.includes('\\')) return raw
  const whole = parseJson(`"${raw}"`) ?? parseJson(`"${raw.replace(/\\(?:u[0-9A-Fa-f]{0,3})?$/, '')}"`)
  return typeof whole === 'string' ? whole : null
}

/** For each character of the decoded string, and its end, where it starts in the raw one. */
export function mapEscapes(raw: string): number[] {
  const starts: number[] = []
  for (let at = 0; at < raw.length; ) {
    starts.push(at)
    at += raw.charCodeAt(at) !== BACKSLASH ? 1 : raw[at + 1] === 'u' ? 6 : 2
  }
  starts.push(raw.length)
  return starts
}
