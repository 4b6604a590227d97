import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { socketFilter } from './socket-filter.ts'

/** A wall of the operating system's around a process. */
export interface Sandbox {
  kind: 'bubblewrap' | 'namespace'
  /** The program that builds it, and what comes before the command to run in it. */
  command: string
  /**
   * @param writable Folders that may be written to, where this sandbox holds the file system.
   * @param filterFd Descriptor from which it reads its filter of system calls; undefined for none.
   */
  prefix(writable: readonly string[], filterFd: number | undefined): string[]
  /** The filter of system calls that it can take. */
  filter: Uint8Array | null
}

/** Where the network of a process is, in the words of the system; null where it cannot say. */
export function networkOfThisProcess(): string | null {
  try {
    return readlinkSync('/proc/self/ns/net')
  } catch {
    return null
  }
}

let found: Sandbox | null | undefined

/**
 * The best sandbox that this machine lets this user build, tried once; null without any. It is not enough that a program is
 * installed, or that the kernel could: a container or a distribution may forbid it.
 */
export function findSandbox(): Sandbox | null {
  found ??= process.platform === 'linux' ? (candidates().find(holds) ?? null) : null
  return found
}

function candidates(): Sandbox[] {
  const filter = socketFilter(process.arch)
  const bubblewrap = (withFilter: Uint8Array | null): Sandbox => ({
    kind: 'bubblewrap',
    command: 'bwrap',
    prefix: (writable, fd) => [...BUBBLEWRAP, ...writable.flatMap(bind), ...seccomp(fd), '--'],
    filter: withFilter,
  })
  const namespace = (...how: string[]): Sandbox => ({
    kind: 'namespace',
    command: 'unshare',
    prefix: () => [...how, '--net', '--'],
    filter: null,
  })
  return [
    ...(filter === null ? [] : [bubblewrap(filter)]),
    bubblewrap(null),
    // Root needs no user namespace, and may be forbidden one.
    ...(process.getuid?.() === 0 ? [namespace()] : []),
    namespace('--user', '--map-current-user'),
    namespace('--user', '--map-root-user'),
  ]
}

/** Everything may be read, and what is bound after may be written to. */
const BUBBLEWRAP = ['--ro-bind', '/', '/', '--dev-bind', '/dev', '/dev', '--unshare-net', '--die-with-parent']

function bind(folder: string): string[] {
  return ['--bind', folder, folder]
}

function seccomp(fd: number | undefined): string[] {
  return fd === undefined ? [] : ['--seccomp', String(fd)]
}

/** Whether a process within has a network of its own. */
function holds(sandbox: Sandbox): boolean {
  const outside = networkOfThisProcess()
  const filter = openFilter(sandbox)
  const args = [...sandbox.prefix([], filter === undefined ? undefined : 3), 'readlink', '/proc/self/ns/net']
  const { status, stdout } = spawnSync(sandbox.command, args, {
    stdio: ['ignore', 'pipe', 'ignore', ...(filter === undefined ? [] : [filter])],
    encoding: 'utf8',
    timeout: 10_000,
  })
  if (filter !== undefined) closeSync(filter)
  const inside = stdout?.trim()
  return status === 0 && outside !== null && inside !== '' && inside !== outside
}

/** Opens a sandbox's filter for one process to read it; to be closed once that is started. */
export function openFilter({ filter }: Sandbox): number | undefined {
  if (filter === null) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'retrial-filter-'))
  const file = join(folder, 'filter')
  try {
    writeFileSync(file, filter)
    return openSync(file, 'r')
  } finally {
    // What is open stays readable.
    rmSync(folder, { recursive: true })
  }
}
