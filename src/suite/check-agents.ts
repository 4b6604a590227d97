import { statSync } from 'node:fs'
import { RetrialError } from '../core/errors.ts'
import type { AgentSource, Scenario, ScenarioPath } from '../scenario/scenario.ts'

/**
 * Checks that the modules of a scenario's agents are there. Those of a git revision, and the one that a recording names, are looked
 * for when they are needed.
 *
 * @param whole The scenario as its file has it: it says where each agent is named.
 * @param scenario The same with the candidates that are to be tried.
 * @throws ERR_SUITE_AGENT for the first that is not there.
 */
export function checkAgents(whole: Scenario, { baseline, candidates }: Scenario): void {
  const isOfFile = whole.agent !== null && whole.agent.label === baseline.label
  checkAgent(baseline, whole, isOfFile ? ['agent'] : ['baseline', 'agent'])
  for (const candidate of candidates) {
    checkAgent(candidate.agent, whole, ['candidates', whole.candidates.indexOf(candidate), 'agent'])
  }
}

function checkAgent(source: AgentSource, { file, positions }: Scenario, path: ScenarioPath): void {
  if (source.kind === 'recorded' || source.git !== null) return
  if (statSync(source.module, { throwIfNoEntry: false })?.isFile() === true) return
  const { line, column } = positions(path)
  throw new RetrialError('ERR_SUITE_AGENT', `There is no agent at ${source.module}.`, {
    hint: 'Correct the path of the agent; it is relative to the scenario.',
    location: { path: file, line, column },
  })
}
