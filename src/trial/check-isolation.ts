import { relative, sep } from 'node:path'
import { RetrialError } from '../core/errors.ts'
import { findSandbox } from '../replay/isolation/sandbox.ts'
import type { Scenario } from '../scenario/scenario.ts'

/**
 * Makes sure that the isolation which a scenario asks for can be had, and holds back what its verdict rests on.
 *
 * @throws RetrialError `ERR_TRIAL_NO_SANDBOX` when it requires a sandbox and this machine has none.
 * @throws RetrialError `ERR_TRIAL_SCRATCH` when an agent could write to its own evidence or code.
 */
export function checkIsolation(scenario: Scenario): void {
  const { sandbox, scratch } = scenario.replay
  if (sandbox === 'require' && findSandbox() === null) {
    throw new RetrialError('ERR_TRIAL_NO_SANDBOX', 'A sandbox is required, and this machine has none that works.', {
      hint: 'Install bubblewrap, allow user namespaces, or set `replay.sandbox: auto`; `retrial doctor --isolation` shows what holds.',
      location: placeOf(scenario, 'sandbox'),
    })
  }
  if (scratch === undefined) return
  const kept = [scenario.file, scenario.recording, ...modulesOf(scenario)]
  const exposed = kept.find((path) => isWithin(path, scratch))
  if (exposed === undefined) return
  throw new RetrialError('ERR_TRIAL_SCRATCH', `The agent could write to ${exposed}, which is in its scratch folder.`, {
    hint: 'Name a folder for `replay.scratch` that holds nothing else.',
    location: placeOf(scenario, 'scratch'),
  })
}

function modulesOf({ agent, baseline, candidates }: Scenario): string[] {
  const sources = [agent, baseline, ...candidates.map((candidate) => candidate.agent)]
  return sources.flatMap((source) => (source?.kind === 'module' ? [source.module] : []))
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`)
}

function placeOf(scenario: Scenario, field: string) {
  const { line, column } = scenario.positions(['replay', field])
  return { path: scenario.file, line, column }
}
