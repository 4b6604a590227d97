import { FILES } from './files.ts'
import { NATIVE } from './native.ts'
import { NETWORK } from './network.ts'
import type { Probe } from './probe.ts'
import { PROCESSES } from './processes.ts'

/** Every way out of a process that we know, by what it goes through. */
export const CATALOGUE: Readonly<Record<'network' | 'processes' | 'native code' | 'files', readonly Probe[]>> = {
  network: NETWORK,
  processes: PROCESSES,
  'native code': NATIVE,
  files: FILES,
}

export const PROBES: readonly Probe[] = Object.values(CATALOGUE).flat()
