import fs from 'node:fs'
import { countingDenials } from './denials.ts'
import { guardDescriptors } from './descriptors.ts'
import { createFilePolicy, type FilePolicy, pathOf } from './file-policy.ts'
import { type AnyFunction, agentFrame, type Exports, type Refuse, replace } from './refusal.ts'

/** A path argument of a call: its position, and whether the call follows a link at the path's end. */
type PathArgument = [index: number, follow: boolean]

/** What changes files, by the name of its call. Reading is free. */
const WRITERS: Record<string, PathArgument[]> = {
  appendFile: [[0, true]],
  chmod: [[0, true]],
  chown: [[0, true]],
  copyFile: [[1, true]],
  cp: [[1, true]],
  lchmod: [[0, false]],
  lchown: [[0, false]],
  // A second name for a file outside would let it be written to.
  link: [
    [0, true],
    [1, false],
  ],
  lutimes: [[0, false]],
  mkdir: [[0, false]],
  mkdtemp: [[0, false]],
  mkdtempDisposable: [[0, false]],
  rename: [
    [0, false],
    [1, false],
  ],
  rm: [[0, false]],
  rmdir: [[0, false]],
  symlink: [[1, false]],
  truncate: [[0, true]],
  unlink: [[0, false]],
  utimes: [[0, true]],
  writeFile: [[0, true]],
}

/** What reads, unless its flags say otherwise: position of the options or the flags. */
const OPENERS: Record<string, number> = { open: 1, readFile: 1 }

// Captured before it is of interest to an agent.
const { statSync } = fs
const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND } = fs.constants
const WRITING = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND

/**
 * Closes the file system for everything but reading, outside of some folders: what an agent writes would be found by the
 * next replay, and by its owner. The harness works with functions that it kept from before.
 */
export function guardFiles(refuse: Refuse, folders: readonly string[]): void {
  const policy = createFilePolicy(folders)
  const find = (name: string, args: unknown[]): string | null => findRefused(policy, name, args)
  guardDescriptors(refuse, (file) => policy.allows(file, true))
  const placeOf = rememberStreams()
  for (const name of [...Object.keys(WRITERS), ...Object.keys(OPENERS)]) {
    guardCall(fs as unknown as Exports, name, name, refuse, find, failLater, placeOf)
    guardCall(fs as unknown as Exports, `${name}Sync`, name, refuse, find, failNow)
    guardCall(fs.promises as unknown as Exports, name, name, refuse, find, (error) => Promise.reject(error))
  }
}

type Fail = (error: Error, args: unknown[]) => unknown

function guardCall(
  owner: Exports,
  name: string,
  call: string,
  refuse: Refuse,
  find: (call: string, args: unknown[]) => string | null,
  fail: Fail,
  placeOf: (file: string) => string | null = () => null,
): void {
  replace(owner, name, (base: AnyFunction) => {
    return function (...args) {
      const refused = find(call, args)
      if (refused === null) {
        if (!changes(call, args)) return base.apply(this, args)
        const what = `${call} ${String(pathOf(args[0]))}`
        return countingDenials(refuse, 'permission', what, args, (same) => base.apply(this, same))
      }
      refuse('file', `${call} ${refused}`, placeOf(refused))
      const error = new Error(`EACCES: permission denied, ${call} '${refused}'`)
      return fail(Object.assign(error, { code: 'EACCES', errno: -13, syscall: call, path: refused }), args)
    }
  })
}

/** A stream opens its file on a later tick, when its caller is off the stack: the place is taken down before. */
function rememberStreams(): (file: string) => string | null {
  const places = new Map<string, string | null>()
  for (const name of ['createWriteStream', 'createReadStream']) {
    replace(fs as unknown as Exports, name, (base) => {
      return function (...args) {
        const file = pathOf(args[0])
        if (file !== null) places.set(file, agentFrame())
        return base.apply(this, args)
      }
    })
  }
  const { WriteStream } = fs
  fs.WriteStream = new Proxy(WriteStream, {
    construct(target, args, newTarget) {
      const file = pathOf(args[0])
      if (file !== null && !places.has(file)) places.set(file, agentFrame())
      return Reflect.construct(target, args, newTarget) as object
    },
  })
  return (file) => places.get(file) ?? null
}

function failNow(error: Error): never {
  throw error
}

function failLater(error: Error, args: unknown[]): void {
  const callback = args.at(-1)
  if (typeof callback !== 'function') throw error
  process.nextTick(callback as () => void, error)
}

/** The first path among the arguments that may not be changed. */
function findRefused(policy: FilePolicy, name: string, args: unknown[]): string | null {
  if (!changes(name, args)) return null
  if (name === 'mkdir' && isThere(args)) return null
  for (const [index, follow] of WRITERS[name] ?? [[0, true]]) {
    const file = pathOf(args[index])
    if (file !== null && !policy.allows(file, follow)) return file
  }
  return null
}

/** Whether a call can change anything. */
function changes(name: string, args: unknown[]): boolean {
  const reads = OPENERS[name]
  return reads === undefined || isWriting(args[reads])
}

/** Making sure of a folder that is there changes nothing. */
function isThere([folder, options]: unknown[]): boolean {
  const recursive = (options as { recursive?: boolean } | null | undefined)?.recursive === true
  return recursive && statSync(pathOf(folder) ?? '', { throwIfNoEntry: false })?.isDirectory() === true
}

/** Whether flags, or options that hold them, open a file for more than reading. */
function isWriting(argument: unknown): boolean {
  const options = argument as { flag?: unknown } | null
  const flags = typeof argument === 'object' ? options?.flag : argument
  if (typeof flags === 'number') return (flags & WRITING) !== 0
  return typeof flags === 'string' && /[+wa]/.test(flags)
}
