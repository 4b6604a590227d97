import type { IsolationReport, LevelOutcome } from '../../model/isolation.ts'
import { findSandbox } from '../isolation/sandbox.ts'
import { CATALOGUE } from './catalogue.ts'
import { type ProbeLevel, runProbes } from './run-probes.ts'

/** Tries every way out of a process at each level that this machine can build, against real listeners and files. */
export async function examineIsolation(): Promise<IsolationReport> {
  const levels: ProbeLevel[] = [
    { replay: null, permission: false },
    { replay: null, permission: true },
    { replay: { permission: false } },
    { replay: { permission: true } },
    ...(findSandbox() === null ? [] : [{ replay: { permission: true, sandbox: 'auto' as const } }]),
  ]
  const results = await Promise.all(levels.map((level) => runProbes(level)))
  const outcomes = results.map((result, index) => ({ ...result, used: index === levels.length - 1 }))
  return {
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    user: process.getuid?.() ?? null,
    levels: outcomes,
    groups: Object.fromEntries(Object.entries(CATALOGUE).map(([group, probes]) => [group, probes.map(nameOf)])),
    finding: judge(outcomes),
  }
}

function nameOf({ name }: { name: string }): string {
  return name
}

function judge(levels: readonly LevelOutcome[]): IsolationReport['finding'] {
  const [bare] = levels
  const used = levels.find((level) => level.used)
  if (bare === undefined || used === undefined) return 'unproved'
  if (!bare.outcomes.some(({ contacts }) => contacts.length > 0)) return 'unproved'
  const leaks = used.outcomes.some(
    ({ contacts, counted, account }) => contacts.length > 0 || (counted === 0 && account !== 'missing'),
  )
  return leaks || !used.walls.includes('guard') ? 'leaks' : 'holds'
}
