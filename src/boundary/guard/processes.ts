import childProcess from 'node:child_process'
import os, { constants } from 'node:os'
import type { SpawnOptions } from '../stdio/command-url.ts'
import { serveServer } from '../stdio/served-server.ts'
import { EACCES, type Exports, forbidden, type Refuse, replace } from './refusal.ts'

/** Closes what starts, becomes or signals another process. */
export function guardProcesses(refuse: Refuse): void {
  guardSpawning(refuse)
  guardSignals(refuse)
  guardPriorities(refuse)
  replace(process as unknown as Exports, 'execve', () => (file) => {
    refuse('execve', String(file))
    throw forbidden('replacing the process')
  })
}

function guardSpawning(refuse: Refuse): void {
  const { ChildProcess } = childProcess as unknown as { ChildProcess: new () => { _handle: object | null } }
  const { _handle: handle } = new ChildProcess()
  if (handle === null) throw new Error('this Node hides its process handles, so nothing can be replayed safely')
  replace(ChildProcess.prototype as Exports, 'spawn', () => {
    return function (options) {
      if (serveServer(this as childProcess.ChildProcess, options as SpawnOptions)) return 0
      refuse('child_process', describeCommand(options))
      throw forbidden('starting a process')
    }
  })
  // Only code that kept a handle comes here.
  replace(Object.getPrototypeOf(handle) as Exports, 'spawn', () => (options) => {
    refuse('child_process', describeCommand(options))
    return EACCES
  })
  const synchronous = childProcess as unknown as Exports
  for (const name of ['execSync', 'execFileSync']) {
    replace(synchronous, name, () => (file) => {
      refuse('child_process', String(file))
      throw forbidden('starting a process')
    })
  }
  replace(synchronous, 'spawnSync', () => (file) => {
    refuse('child_process', String(file))
    const error = forbidden('starting a process')
    return { error, status: null, signal: null, output: null, pid: 0, stdout: null, stderr: null }
  })
  // It takes over the line to the parent.
  replace(childProcess as unknown as Exports, '_forkChild', () => (fd) => {
    refuse('pipe', `file descriptor ${String(fd)}`)
    throw forbidden('opening the line to the parent')
  })
}

function describeCommand(options: unknown): string {
  // The handles of some Node lines take the command first, and alone.
  if (typeof options === 'string') return options
  const { file = '?', args = [] } = (options ?? {}) as { file?: string; args?: string[] }
  return [file, ...args.slice(1)].join(' ')
}

/** A process may be kind to others, but not make others be. */
function guardPriorities(refuse: Refuse): void {
  const { pid } = process
  replace(os as unknown as Exports, 'setPriority', (base) => {
    return function (...args) {
      const [target] = args
      if (args.length < 2 || target === 0 || target === pid) return base.apply(this, args)
      refuse('signal', `a priority for process ${String(target)}`)
      throw forbidden('changing the priority of another process')
    }
  })
}

/** A process may signal itself; `SIGUSR1` would start its inspector. */
function guardSignals(refuse: Refuse): void {
  const { pid } = process
  const owner = process as unknown as Exports
  for (const name of ['kill', '_kill']) {
    replace(owner, name, (base) => {
      return function (...args) {
        const [target, signal] = args
        const isInspector = signal === 'SIGUSR1' || signal === constants.signals.SIGUSR1
        if (target === pid && !isInspector) return base.apply(this, args)
        refuse('signal', `${String(signal ?? 'SIGTERM')} to process ${String(target)}`)
        if (name === '_kill') return EACCES
        throw forbidden('signalling another process')
      }
    })
  }
  replace(owner, '_debugProcess', () => (target) => {
    refuse('inspector', `of process ${String(target)}`)
    throw forbidden('starting an inspector')
  })
}
