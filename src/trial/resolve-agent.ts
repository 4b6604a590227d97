import { dirname, resolve } from 'node:path'
import { RetrialError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Recording } from '../model/recording.ts'
import type { AgentSource, Scenario } from '../scenario/scenario.ts'
import { checkOutRevision } from './check-out-revision.ts'

/** An agent that can be run: a file that is there, and what it is run with. */
export interface RunnableAgent {
  module: string
  export: string
  label: string
  /** Where it is run. */
  cwd: string
  params: JsonObject | undefined
  env: Record<string, string>
  assumptions: string[]
}

/**
 * Finds the code of an agent: in the working tree, at a git revision, or where the recording says it was.
 *
 * @throws ERR_TRIAL_AGENT when the recording names no agent; ERR_TRIAL_GIT for a revision that cannot be had.
 */
export async function resolveAgent(
  source: AgentSource,
  scenario: Scenario,
  recording: Recording,
  cacheDir: string,
): Promise<RunnableAgent> {
  if (source.kind === 'recorded') {
    const [path, name] = splitRef(recording.agent_ref, scenario)
    const module = resolve(dirname(scenario.recording), path)
    return {
      module,
      export: name,
      label: recording.agent_ref ?? '',
      cwd: process.cwd(),
      params: undefined,
      env: source.env,
      assumptions: [],
    }
  }
  const { label, params, env, git } = source
  const agent = { export: source.export, label, params, env }
  if (git === null) return { ...agent, module: source.module, cwd: process.cwd(), assumptions: [] }
  const { module, cwd, assumptions } = await checkOutRevision(source.module, git, cacheDir)
  return { ...agent, module, cwd, assumptions }
}

function splitRef(ref: string | undefined, scenario: Scenario): [path: string, name: string] {
  const match = /^(.+)#([^#]+)$/.exec(ref ?? '')
  if (match?.[1] === undefined || match[2] === undefined) {
    const { line, column } = scenario.positions(['baseline'])
    throw new RetrialError('ERR_TRIAL_AGENT', 'The recording names no agent to replay.', {
      hint: 'Name the unfixed agent under `baseline`.',
      location: { path: scenario.file, line, column },
    })
  }
  return [match[1], match[2]]
}
