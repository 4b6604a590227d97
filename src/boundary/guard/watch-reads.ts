import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { sha256 } from '../../core/hash.ts'
import type { SourceWatch } from '../sources.ts'
import { createFilePolicy, pathOf } from './file-policy.ts'
import { type Exports, replace } from './refusal.ts'

/** What reads files and folders, or tells whether they are there. `exists` stays: it is made a promise in a way of its own. */
const READERS = [
  'readFile',
  'readdir',
  'opendir',
  'open',
  'stat',
  'lstat',
  'access',
  'readlink',
  'realpath',
  'createReadStream',
  'openAsBlob',
  'copyFile',
  'statfs',
  'watchFile',
]

/** What tells of the machine. */
const MACHINE = [
  'hostname',
  'freemem',
  'totalmem',
  'loadavg',
  'uptime',
  'cpus',
  'networkInterfaces',
  'userInfo',
  'availableParallelism',
  'homedir',
]

/** Code of packages, which Node reads to load it. */
const OF_PACKAGES = /[\\/]node_modules[\\/].*(\.([cm]?[jt]sx?|node|wasm)|[\\/]package\.json)$/

/** What tools look for from folder to folder, to learn how a project is built. */
const OF_TOOLS = /^(package\.json|tsconfig.*\.json|jsconfig\.json|\.npmrc|\.browserslistrc|\.babelrc.*)$/

/** Larger files are known by their size and when they were written, bytes. */
const MOST_READ = 8 * 1024 * 1024

// Captured before they are watched themselves.
const { statSync, readFileSync, readdirSync } = fs

/**
 * Takes down which files the agent reads, and what it asks of the machine. Of what libraries read counts only what lies in the
 * working folder: they read it for the agent. Modules are code, and what the agent wrote itself is no news.
 *
 * Stands in the folder of the guard, as its frames have to: who calls the guard is found on the stack.
 */
export function watchReads(watch: SourceWatch, writable: readonly string[]): void {
  const own = createFilePolicy(writable)
  const look = (file: string | null): void => {
    if (file === null) return
    const absolute = path.resolve(file)
    if (OF_PACKAGES.test(absolute)) return
    const by = watch.caller()
    if (by === null || own.allows(absolute, true)) return
    // What packages read of themselves and of each other is code to them.
    if (!by.isOwn && /[\\/]node_modules[\\/]/.test(absolute)) return
    const within = path.relative(process.cwd(), absolute)
    const isWithin = within !== '' && !within.startsWith('..') && !path.isAbsolute(within)
    if (!by.isOwn && (!isWithin || OF_TOOLS.test(path.basename(absolute)))) return
    const name = (isWithin ? within : absolute).replaceAll('\\', '/')
    watch.see(`file:${name}`, by.place, contentOf(absolute))
  }
  let isLooking = false
  /** Once a call: reading a file opens it by its public name. */
  const lookOnce = (file: string | null, call: () => unknown): unknown => {
    if (isLooking) return call()
    isLooking = true
    try {
      look(file)
      return call()
    } finally {
      isLooking = false
    }
  }
  const watchCall = (owner: object, name: string): void => {
    replace(owner as Exports, name, (base) => {
      return function (...args) {
        return lookOnce(pathOf(args[0]), () => base.apply(this, args))
      }
    })
  }
  for (const name of READERS) {
    watchCall(fs, name)
    watchCall(fs, `${name}Sync`)
    watchCall(fs.promises, name)
  }
  watchCall(fs, 'existsSync')
  watchMachine(watch)
}

function watchMachine({ seeDirect }: SourceWatch): void {
  for (const name of MACHINE) {
    replace(os as unknown as Exports, name, (base) => {
      return function (...args) {
        const value = base.apply(this, args)
        seeDirect(`os:${name}`, () => JSON.stringify(value))
        return value
      }
    })
  }
}

let devices = 0

/** What a file or folder holds now, as a digest. Of what gives something else each time, no two are equal. */
function contentOf(file: string): string {
  try {
    const stat = statSync(file)
    if (stat.isDirectory()) return `folder ${readdirSync(file).toSorted().join('\n')}`
    if (!stat.isFile()) return `device ${++devices}`
    if (stat.size > MOST_READ) return `large ${stat.size} ${stat.mtimeMs}`
    return `file ${sha256(readFileSync(file).toString('latin1'))}`
  } catch {
    return 'absent'
  }
}
