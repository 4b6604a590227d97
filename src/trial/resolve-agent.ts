import { statSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
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
  const { cwd: folder, assumptions: assumed } = findFolder(scenario.recording, recording)
  if (source.kind === 'recorded') {
    const [path, name] = splitRef(recording.agent_ref, scenario)
    const module = resolve(dirname(scenario.recording), path)
    return {
      module,
      export: name,
      label: recording.agent_ref ?? '',
      cwd: folder,
      params: undefined,
      env: source.env,
      assumptions: assumed,
    }
  }
  const { label, params, env, git } = source
  const agent = { export: source.export, label, params, env }
  if (git === null) return { ...agent, module: source.module, cwd: folder, assumptions: assumed }
  const { module, cwd, assumptions } = await checkOutRevision(source.module, git, cacheDir)
  return { ...agent, module, cwd, assumptions }
}

/** The folder in which the run was recorded, as far as the recording tells; else the one of this process. */
export function findFolder(path: string, { runtime }: Recording): Pick<RunnableAgent, 'cwd' | 'assumptions'> {
  const here = process.cwd()
  const cwd = runtime.cwd === undefined ? here : resolve(dirname(path), runtime.cwd)
  if (cwd === here) return { cwd, assumptions: [] }
  const name = relative(here, cwd)
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() === true) {
    return { cwd, assumptions: [`working folder ${name}: there the run was recorded`] }
  }
  return {
    cwd: here,
    assumptions: [`working folder: ${name}, where the run was recorded, is not there; run in this one`],
  }
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
