import { sep } from 'node:path'
import { formatError, isRetrialError } from '../core/errors.ts'
import { escapeTerminal } from '../report/terminal-text.ts'

/** An error for a terminal: message, place, hint and code; hostile text escaped, paths as the user knows them. */
export function describeError(error: unknown): string {
  const text = formatError(error)
  // A bug is reported as it is, with its stack.
  if (!isRetrialError(error)) return text
  return shortenPaths(text)
    .split('\n')
    .map((line) => escapeTerminal(line, 2_000))
    .join('\n')
}

/** The text with every path below the working directory relative to it. */
export function shortenPaths(text: string): string {
  const cwd = process.cwd()
  return cwd.endsWith(sep) ? text : text.replaceAll(cwd + sep, '')
}
