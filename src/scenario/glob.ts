import { sep } from 'node:path'

/** True when the text holds a character that only a glob pattern gives a meaning. */
export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text)
}

/** Splits an absolute pattern into the folder to search, and the pattern relative to it. */
export function splitGlob(pattern: string): { base: string; pattern: string } {
  const parts = pattern.split(sep)
  const first = parts.findIndex(isGlob)
  return { base: parts.slice(0, first).join(sep) || sep, pattern: parts.slice(first).join('/') }
}

/** A glob pattern as a regular expression over a `/`-separated path. */
export function toRegex(pattern: string): RegExp {
  let source = ''
  let depth = 0
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at)
    const char = pattern[at] as string
    const folders = /^\*\*(?:\/|$)/.exec(rest)
    const set = /^\[(!?)([^\]/]+)\]/.exec(rest)
    if (folders && (at === 0 || pattern[at - 1] === '/')) {
      source += folders[0].endsWith('/') ? '(?:[^/]+/)*' : '.*'
      at += folders[0].length - 1
    } else if (char === '*') {
      source += '[^/]*'
      while (pattern[at + 1] === '*') at++
    } else if (char === '?') source += '[^/]'
    else if (set) {
      source += `[${set[1] ? '^/' : ''}${(set[2] ?? '').replace(/[\\^[]/g, '\\$&')}]`
      at += set[0].length - 1
    } else if (char === '{' && rest.includes('}')) {
      source += '(?:'
      depth++
    } else if (char === '}' && depth > 0) {
      source += ')'
      depth--
    } else if (char === ',' && depth > 0) source += '|'
    else source += char.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  }
  return new RegExp(`^${source}${')'.repeat(depth)}$`, 'u')
}
