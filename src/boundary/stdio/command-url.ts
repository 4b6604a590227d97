import { basename, isAbsolute, relative, sep } from 'node:path'
import { STDIO_SCHEME } from '../../providers/mcp/read-request.ts'

/** What `spawn` makes of its arguments. */
export interface SpawnOptions {
  file: string
  /** With what the process is told to be its own name first. */
  args?: readonly string[] | undefined
  cwd?: string | URL | undefined
  stdio?: unknown
}

/**
 * The address under which a child process is known: its program and its arguments, `stdio:node+servers/docs.ts+--root=data`.
 * Paths within the working folder are relative to it, so that it is the same on another machine. An option and its value
 * are put together, so that a secret one is seen to be one.
 */
export function urlOfCommand({ file, args = [] }: SpawnOptions): string {
  const program = basename(file).replace(/\.(?:exe|cmd|bat)$/i, '')
  const words: string[] = []
  for (const arg of args.slice(1)) {
    const word = escapeWord(withinFolder(arg))
    const last = words.at(-1)
    if (last !== undefined && /^--?[^=]+$/.test(last) && !arg.startsWith('-'))
      words[words.length - 1] = `${last}=${word}`
    else words.push(word)
  }
  return `${STDIO_SCHEME}${[escapeWord(program), ...words].join('+')}`
}

function withinFolder(arg: string): string {
  if (!isAbsolute(arg)) return arg
  const path = relative(process.cwd(), arg)
  return path === '' || path.startsWith('..') || isAbsolute(path) ? arg : path.replaceAll(sep, '/')
}

function escapeWord(word: string): string {
  return encodeURI(word.toWellFormed()).replace(/[+?#]/g, (character) => encodeURIComponent(character))
}

/** The address of what a server prints to its standard error. */
export function urlOfErrors(url: string): string {
  return `${url}?stream=stderr`
}

/** Whether somebody talks to the process over its input and output. */
export function isPiped({ stdio }: SpawnOptions): boolean {
  return isPipe(stdio, 0) && isPipe(stdio, 1)
}

/** Whether a descriptor of the process is a pipe to its parent. */
export function isPipe(stdio: unknown, descriptor: number): boolean {
  const kind: unknown = Array.isArray(stdio) ? stdio[descriptor] : stdio
  return kind === undefined || kind === null || kind === 'pipe' || kind === 'overlapped'
}
