import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

// Captured before they are guarded themselves.
const { lstatSync, readlinkSync } = fs

/** What swallows or shows whatever is written to it. */
const DEVICES = ['/dev/null', '/dev/stdout', '/dev/stderr', '/dev/tty', '\\\\.\\nul']
const MOST_LINKS = 40
const SEPARATORS = path.sep === '\\' ? /[\\/]/ : '/'

export interface FilePolicy {
  /** Whether a path may be written to, created, changed or removed. @param follow Whether the call follows a link at its end. */
  allows(target: string, follow: boolean): boolean
}

/** @param folders What may be written to, with everything in them. */
export function createFilePolicy(folders: readonly string[]): FilePolicy {
  const roots = folders.map((folder) => walk(path.resolve(folder), true))
  return {
    allows(target, follow) {
      const absolute = path.resolve(target)
      if (DEVICES.includes(absolute)) return true
      // Not `absolute`: `link/..` is where the link leads, not where it lies.
      const start = path.isAbsolute(target) ? target : `${process.cwd()}${path.sep}${target}`
      const real = walk(start, follow)
      return roots.some((root) => real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep))
    },
  }
}

/** The text of a path argument: null for a descriptor or anything else that names no path. */
export function pathOf(argument: unknown): string | null {
  if (typeof argument === 'string') return argument
  if (argument instanceof Uint8Array) return Buffer.from(argument).toString()
  if (argument instanceof URL) return argument.protocol === 'file:' ? fileURLToPath(argument) : argument.href
  return null
}

/** Where a path leads, link by link as the system goes, whether or not its end is there. */
function walk(start: string, follow: boolean): string {
  const { root } = path.parse(start)
  let real = root === '' ? path.sep : root
  const ahead = start.slice(root.length).split(SEPARATORS)
  let links = 0
  while (ahead.length > 0) {
    const part = ahead.shift() ?? ''
    if (part === '' || part === '.') continue
    if (part === '..') {
      real = path.dirname(real)
      continue
    }
    const next = path.join(real, part)
    const isLast = ahead.every((rest) => rest === '' || rest === '.')
    const link = isLast && !follow ? null : linkAt(next)
    if (link === null) real = next
    else {
      if (++links > MOST_LINKS) return next
      const linkRoot = path.parse(link).root
      if (linkRoot !== '') real = linkRoot
      ahead.unshift(...link.slice(linkRoot.length).split(SEPARATORS))
    }
  }
  return real
}

function linkAt(file: string): string | null {
  try {
    return lstatSync(file).isSymbolicLink() ? readlinkSync(file) : null
  } catch {
    return null
  }
}
