import { join } from 'node:path'
import type { CandidateReport, ScenarioReport } from '../../src/model/verdict.ts'
import type { Incident } from './incidents.ts'
import { runChild } from './run-child.ts'
import { writeScenario } from './write-scenario.ts'

/** What `retrial verify` said of an incident. */
export interface Trial {
  recording: string
  baseline: ScenarioReport['baseline']
  candidates: CandidateReport[]
}

/**
 * Records the unfixed agent in its world, closes the world, and puts every fix on trial.
 *
 * @param dir Where recording, scenario and replays go.
 * @throws When something of this could not be done.
 */
export async function tryIncident(incident: Incident, dir: string): Promise<Trial> {
  const { id, kind, style } = incident
  const recording = join(dir, `${id}.jsonl`)
  const recorded = await runChild('bench/verdicts/in-world.ts', [kind.id, style, 'record', recording])
  if (recorded.code !== 0) throw new Error(`${id} could not be recorded: ${recorded.stderr}`)
  const file = join(dir, `${id}.yaml`)
  writeScenario(file, recording, incident)
  const args = ['verify', file, '--json', '--workers', '1', '--out', join(dir, 'replays')]
  const { stdout, stderr } = await runChild('src/cli/main.ts', args)
  const report = stdout.startsWith('{')
    ? (JSON.parse(stdout) as { scenarios: ScenarioReport[] }).scenarios[0]
    : undefined
  if (!report) throw new Error(`${id} could not be put on trial: ${stdout}${stderr}`)
  return { recording, baseline: report.baseline, candidates: report.candidates }
}
