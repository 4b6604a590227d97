import type { Recording } from '../model/recording.ts'
import type { Reason } from '../model/verdict.ts'
import type { ReplayResult } from '../replay/replay-worker.ts'
import { findMissingKeys } from '../scenario/propose/find-missing-keys.ts'
import type { TrialRun } from '../verify/trial-run.ts'

/** Names of variables as error messages give them, of the kinds that agents insist on. */
const VARIABLE =
  /\b(?!ERR_|UND_ERR_)[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|URL|URI|HOST|PORT|ENDPOINT|REGION|MODEL|ID)\b/g

/**
 * Says which environment variables a run probably lacked: one that threw or could not be loaded, or that asked nothing at
 * all. Clients of model providers refuse to start without a key, and a replay has only what the recording and the scenario
 * give it.
 *
 * @param env The environment of the replay.
 */
export function hintAtEnvironment(
  run: TrialRun,
  { end, output }: ReplayResult,
  recording: Recording,
  env: Readonly<Record<string, string>>,
): Reason[] {
  const asked = run.interactions?.length ?? 0
  const isUnloaded = end.outcome === 'not_loaded'
  const broke = run.agent_error !== null || isUnloaded || end.outcome === 'harness_error' || end.outcome === 'crashed'
  if (asked > 0 && !broke) return []
  // What could not be loaded says itself what it lacks: a wrong name of an export has nothing to do with a key.
  const keys = asked > 0 || isUnloaded || end.outcome === 'harness_error' ? [] : findMissingKeys(recording, env)
  const said = [run.agent_error?.message, run.failure, output].join('\n')
  const named = [...new Set(said.match(VARIABLE))].filter((name) => env[name] === undefined)
  const names = keys.length > 0 ? keys.map(({ name }) => name) : named
  if (names.length === 0) return []
  const values = findMissingKeys(recording, env)
  const setting = names.map((name) => `${name}: ${values.find((key) => key.name === name)?.value ?? '…'}`).join(', ')
  const message = `the replay sets no ${names.join(', ')}. If the agent needs it, add to the scenario: replay: { env: { ${setting} } }. No key is sent anywhere`
  return [{ code: 'missing_env', message, data: names }]
}

/**
 * Says that the agent was called with null because nobody said with what: a run that was recorded by its command alone has
 * no input, and an agent that takes one throws before it asks anything.
 *
 * @param stated What the scenario says.
 * @param input What the agent was called with.
 */
export function hintAtInput(run: TrialRun, stated: unknown, input: unknown): Reason[] {
  if (stated !== undefined || input !== null || run.agent_error === null || (run.interactions?.length ?? 0) > 0)
    return []
  const message =
    'the agent was called with null: neither the recording nor the scenario says with what. ' +
    'If it takes an input, add to the scenario: input: …'
  return [{ code: 'missing_input', message }]
}
