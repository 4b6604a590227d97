import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import type { EgressAttempt } from '../../model/verdict.ts'
import type { SourceWatch } from '../sources.ts'
import { watchDenials } from './denials.ts'
import { guardDns } from './dns.ts'
import { guardEngine } from './engine.ts'
import { guardFiles } from './files.ts'
import { guardHiddenWriters } from './hidden-writers.ts'
import { guardInspector } from './inspector.ts'
import { guardNativeCode } from './native-code.ts'
import { guardProcesses } from './processes.ts'
import { createRefuse } from './refusal.ts'
import { guardSockets } from './sockets.ts'
import { guardThreads } from './threads.ts'
import { watchReads } from './watch-reads.ts'

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
  /**
   * Told of what the agent reads that is not refused.
   * @default nobody
   */
  sources?: SourceWatch | undefined
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
  const { writable = [tmpdir()], addons = false, sources } = options
  const refuse = createRefuse(report)
  guardSockets(refuse)
  guardDns(refuse)
  guardProcesses(refuse)
  guardThreads(refuse)
  guardInspector(refuse)
  guardNativeCode(refuse, addons)
  guardHiddenWriters(refuse, writable)
  guardEngine(refuse)
  guardFiles(refuse, writable)
  watchDenials(refuse)
  if (sources !== undefined) watchReads(sources, writable)
  syncBuiltinESMExports()
}
