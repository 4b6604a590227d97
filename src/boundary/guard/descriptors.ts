import fs from 'node:fs'
import { countingDenials } from './denials.ts'
import { type Exports, forbidden, isHarnessCall, type Refuse, replace } from './refusal.ts'

/** Calls on a descriptor that use or change what is behind it. */
const USES = ['read', 'readv', 'write', 'writev', 'close', 'ftruncate', 'fsync', 'fdatasync']
/** Those that need no right to write: on a file opened for reading they change it all the same. */
const CHANGES = ['fchmod', 'fchown', 'futimes']
const HANDLE_CHANGES = ['chmod', 'chown', 'utimes']

/** More descriptors than these are not open when an agent starts. */
const FIRST_DESCRIPTORS = 64

/**
 * Keeps an agent from the descriptors that were open before it: the line to the parent and the replay's recording. And from
 * changing rights, owner or times of files by way of a descriptor that it may only read.
 *
 * @param mayWrite Whether the file at a path may be changed.
 */
export function guardDescriptors(refuse: Refuse, mayWrite: (file: string) => boolean): void {
  const owned = findOpen()
  const paths = rememberPaths()
  for (const name of [...USES, ...CHANGES]) {
    for (const call of [name, `${name}Sync`]) {
      replace(fs as unknown as Exports, call, (base) => {
        return function (...args) {
          const fd = args[0] as number
          const isForeign = owned.has(fd)
          const isLocked = CHANGES.includes(name) && !mayWrite(paths.get(fd) ?? '')
          // `readFileSync` and its like close by the public name.
          if ((!isForeign && !isLocked) || isHarnessCall()) {
            const what = `${name} ${paths.get(fd) ?? `file descriptor ${fd}`}`
            if (!CHANGES.includes(name)) return base.apply(this, args)
            return countingDenials(refuse, 'permission', what, args, (same) => base.apply(this, same))
          }
          refuse('file', `${name} ${isForeign ? `file descriptor ${fd}` : paths.get(fd)}`)
          throw forbidden(`${name} of a descriptor`)
        }
      })
    }
  }
  guardFileHandles(refuse, paths, mayWrite)
}

function findOpen(): Set<number> {
  const open = new Set<number>()
  for (let fd = 3; fd < FIRST_DESCRIPTORS; fd++) {
    try {
      fs.fstatSync(fd)
      open.add(fd)
    } catch {
      // Not open.
    }
  }
  return open
}

/** The path that each descriptor was opened by. */
function rememberPaths(): Map<number, string> {
  const paths = new Map<number, string>()
  replace(fs as unknown as Exports, 'openSync', (base) => {
    return function (...args) {
      const fd = base.apply(this, args) as number
      paths.set(fd, String(args[0]))
      return fd
    }
  })
  replace(fs as unknown as Exports, 'open', (base) => {
    return function (...args) {
      const callback = args.at(-1)
      if (typeof callback !== 'function') return base.apply(this, args)
      const done = (error: unknown, fd: number): unknown => {
        if (!error) paths.set(fd, String(args[0]))
        return callback(error, fd)
      }
      return base.apply(this, [...args.slice(0, -1), done])
    }
  })
  return paths
}

/** The class of file handles is nowhere to be had but from an open one. */
function guardFileHandles(refuse: Refuse, paths: Map<number, string>, mayWrite: (file: string) => boolean): void {
  let isGuarded = false
  replace(fs.promises as unknown as Exports, 'open', (base) => {
    return async function (...args) {
      const handle = (await base.apply(this, args)) as { fd: number }
      paths.set(handle.fd, String(args[0]))
      if (isGuarded) return handle
      isGuarded = true
      const prototype = Object.getPrototypeOf(handle) as Exports
      for (const name of HANDLE_CHANGES) {
        replace(prototype, name, (change) => {
          return function (...rest) {
            const file = paths.get((this as { fd: number }).fd) ?? ''
            if (mayWrite(file)) return change.apply(this, rest)
            refuse('file', `${name} ${file}`)
            return Promise.reject(forbidden(`${name} of a file`))
          }
        })
      }
      return handle
    }
  })
}
