import { expect } from 'vitest'
import { openProject, type Project } from './open-project.ts'
import { type DeskOptions, startDesk } from './start-desk.ts'

/** The beginning of every scenario over the incident of the desk. */
export const DESK_SCENARIO = `id: desk
title: the orders service is down and the agent asks it again and again
recording: ../recordings/run_1.jsonl
agent: ../agent.ts#run
incident:
  trigger: { span: tool_call:lookup_order, error_class: overloaded, at_least: 1 }
  cause: { signal: repeated_tool_calls, tool: lookup_order, at_least: 2 }
  symptom: { signal: stop_reason, is: max_steps }
`

/** The place in the agent of the desk where a failed look-up is fixed, and the fix. */
export const DESK_FIX = [
  '// FIX',
  "if (!response.ok) return { stop_reason: 'completed', answer: 'A colleague will look into it.' }",
] as const

interface RecordDeskOptions extends DeskOptions {
  /** Further variables of the agent. */
  env?: Record<string, string>
}

/** Records `agent.ts`, which is there, as a user would type it. */
export async function recordDesk(
  project: Project,
  { env: more = {}, ...options }: RecordDeskOptions = {},
): Promise<void> {
  const { env, close } = await startDesk(options)
  const question = 'Where is order 17?'
  const args = ['--out', 'recordings/run_1.jsonl', '--agent-ref', '../agent.ts#run', '--input']
  const recorded = await project.retrial(
    ['record', ...args, JSON.stringify({ question }), '--', 'node', 'agent.ts', question],
    { ...env, ...more },
  )
  await close()
  expect(recorded).toMatchObject({ code: 0, stderr: expect.stringContaining('recordings/run_1.jsonl') })
}

interface OpenDeskOptions extends RecordDeskOptions {
  /** Changes to the agent before it is recorded. */
  change?: readonly (readonly [from: string, to: string])[]
}

/** A project with the agent of the desk, and the recording of a run in which the orders service was down. */
export async function openDesk({ change = [], ...options }: OpenDeskOptions = {}): Promise<Project> {
  const project = openProject()
  project.copy('desk-agent.ts', 'agent.ts', ...change)
  await recordDesk(project, options)
  return project
}
