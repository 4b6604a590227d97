/** Finds where a text stops being JSON: line and column from 1 (columns in UTF-16 units). For texts that `JSON.parse` refused. */
export function locateJsonError(text: string): { line: number; column: number } {
  const offset = errorOffset(text)
  let line = 1
  let lineStart = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++
    lineStart = at + 1
  }
  return { line, column: offset - lineStart + 1 }
}

type Expected = 'value' | 'value_or_end' | 'key' | 'key_or_end' | 'colon' | 'comma_or_end' | 'nothing'

const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const SPACE = /[ \t\n\r]*/y
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y

// The messages of JSON.parse name a position for some errors only, and their wording is no contract.
function errorOffset(text: string): number {
  const open: ('{' | '[')[] = []
  let expected: Expected = 'value'
  let at = 0
  for (;;) {
    at = matchAt(SPACE, text, at)
    const char = text[at]
    if (char === undefined) return at
    if (expected === 'nothing') return at
    if (expected === 'colon') {
      if (char !== ':') return at
      at++
      expected = 'value'
    } else if ((char === '}' || char === ']') && (expected === 'comma_or_end' || expected.endsWith('_or_end'))) {
      if (open.pop() !== (char === '}' ? '{' : '[')) return at
      at++
      expected = open.length === 0 ? 'nothing' : 'comma_or_end'
    } else if (expected === 'comma_or_end') {
      if (char !== ',') return at
      at++
      expected = open.at(-1) === '{' ? 'key' : 'value'
    } else if (expected === 'key' || expected === 'key_or_end') {
      if (char !== '"') return at
      const string = scanString(text, at)
      if (!string.closed) return string.end
      at = string.end
      expected = 'colon'
    } else if (char === '{' || char === '[') {
      open.push(char)
      at++
      expected = char === '{' ? 'key_or_end' : 'value_or_end'
    } else {
      const value = char === '"' ? scanString(text, at) : scanScalar(text, at)
      if (!value.closed) return value.end
      at = value.end
      expected = open.length === 0 ? 'nothing' : 'comma_or_end'
    }
  }
}

interface Token {
  closed: boolean
  /** Behind the token, or where it is broken. */
  end: number
}

function scanScalar(text: string, start: number): Token {
  const end = matchAt(SCALAR, text, start)
  return { closed: end > start, end }
}

function scanString(text: string, start: number): Token {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return { closed: true, end: at + 1 }
    if (code < 0x20) return { closed: false, end: at }
    if (code === 0x5c) {
      const end = matchAt(ESCAPE, text, at + 1)
      if (end === at + 1) return { closed: false, end: at }
      at = end - 1
    }
  }
  return { closed: false, end: text.length }
}

/** End of the match of a sticky expression at an offset; the offset itself when nothing matches. */
function matchAt(expression: RegExp, text: string, offset: number): number {
  expression.lastIndex = offset
  return expression.test(text) ? expression.lastIndex : offset
}
