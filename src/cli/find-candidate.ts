import { RetrialError } from '../core/errors.ts'
import type { Scenario, ScenarioCandidate } from '../scenario/scenario.ts'

/** The candidate of an id. @throws RetrialError `ERR_CLI_NO_CANDIDATE`. */
export function findCandidate(scenario: Scenario, id: string): ScenarioCandidate {
  const candidate = scenario.candidates.find((one) => one.id === id)
  if (candidate !== undefined) return candidate
  throw new RetrialError('ERR_CLI_NO_CANDIDATE', `The scenario ${scenario.id} has no candidate ${id}.`, {
    hint: `Name one of ${scenario.candidates.map((one) => one.id).join(', ')}.`,
    location: { path: scenario.file },
  })
}
