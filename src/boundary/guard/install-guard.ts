import { subscribe } from 'node:diagnostics_channel'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import type { EgressAttempt } from '../../model/verdict.ts'
import { guardDns } from './dns.ts'
import { guardFiles } from './files.ts'
import { guardHiddenWriters } from './hidden-writers.ts'
import { guardInspector } from './inspector.ts'
import { guardNativeCode } from './native-code.ts'
import { guardProcesses } from './processes.ts'
import { createRefuse, type Refuse } from './refusal.ts'
import { guardSockets } from './sockets.ts'
import { guardThreads } from './threads.ts'

export interface GuardOptions {
  /**
   * Folders that may be written to.
   * @default the folder for temporary files
   */
  writable?: readonly string[] | undefined
  /**
   * Whether native addons may be loaded. What one does is not held.
   * @default false
   */
  addons?: boolean | undefined
}

/**
 * Closes every way out of this process that JavaScript in it can take: sockets below every client, name look-ups, other
 * processes, threads, native code, the inspector, and files for everything but reading. Each attempt is reported and
 * refused. For good: there is no way back.
 *
 * A belt, no vault: code that is out to break it may find a way that nobody knows. Under it lie Node's permission model
 * and the system's own walls.
 */
export function installGuard(report: (attempt: EgressAttempt) => void, options: GuardOptions = {}): void {
  const { writable = [tmpdir()], addons = false } = options
  const refuse = createRefuse(report)
  guardSockets(refuse)
  guardDns(refuse)
  guardProcesses(refuse)
  guardThreads(refuse)
  guardInspector(refuse)
  guardNativeCode(refuse, addons)
  guardHiddenWriters(refuse, writable)
  guardFiles(refuse, writable)
  countDenials(refuse)
  syncBuiltinESMExports()
}

const PERMISSIONS = ['fs', 'net', 'child', 'worker', 'addon', 'inspector', 'wasi', 'ffi', 'openssl-store']

/** Node lines that say so tell here of what their permission model refuses: attempts that came past the guard. */
function countDenials(refuse: Refuse): void {
  for (const name of PERMISSIONS) {
    subscribe(`node:permission-model:${name}`, (message) => {
      const { permission = name, resource = '' } = message as { permission?: string; resource?: string }
      refuse('permission', `${permission} ${resource}`)
    })
  }
}
