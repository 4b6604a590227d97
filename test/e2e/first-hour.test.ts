import { expect, test } from 'vitest'
import { DESK_FIX, openDesk } from './desk-incident.ts'
import { openProject } from './open-project.ts'
import { startDesk } from './start-desk.ts'

test('leads from a recorded incident to a verdict, given nothing but the name of the fix to write', async () => {
  const project = await openDesk()
  const debugged = await project.retrial(['debug', 'recordings/run_1.jsonl'])
  expect(debugged).toMatchObject({ code: 0, stdout: expect.stringContaining('stuck_in_loop') })

  const proposed = await project.retrial(['scenario', 'new', 'recordings/run_1.jsonl'])
  expect(proposed).toMatchObject({ code: 0, stdout: expect.stringContaining('scenarios/run_1.yaml') })
  const scenario = project.read('scenarios/run_1.yaml')
  expect(scenario.replace(/run_[0-9a-f]{12}/, 'run_id')).toMatchInlineSnapshot(`
    "# Proposed from run run_id. Nothing below is established: a person has to review it.

    id: run_1

    # REVIEW: say in one line what went wrong.
    title: tool_call:lookup_order overloaded ×4; repeated_same_result.lookup_order = 2; stop_reason = max_steps
    recording: ../recordings/run_1.jsonl

    # The unfixed agent, which has to reproduce the incident. Once the fix is merged, name the unfixed revision:
    # baseline: { git: <tag or commit before the fix> }
    agent: ../agent.ts#run

    # REVIEW: the roles are read off the signals of the run, and a signal is a pointer, not the cause.
    incident:
      # What the world did. Observed: tool_call:lookup_order overloaded ×4
      trigger: { span: tool_call:lookup_order, error_class: overloaded, at_least: 1 }
      # What the agent did wrong because of it; a fix makes it go away. Observed: repeated_same_result.lookup_order = 2
      cause: { signal: repeated_same_result, tool: lookup_order, at_least: 2 }
      # How the run ended, or what was seen of it from outside. Observed: stop_reason = max_steps
      symptom: { signal: stop_reason, is: max_steps }
    replay:
      on_divergence: fail

    # REVIEW: point the candidate at the fix. Until then the unfixed agent is on trial, and the gate fails.
    candidates:
      - id: fix
        agent: ../agent.ts#run
        expect: fixed
    "
  `)

  // Until a fix is named the unfixed agent is on trial.
  const before = await project.verify()
  expect(before).toMatchObject({ code: 1, verdicts: { fix: 'not_fixed' } })
  expect(before.reports[0]?.baseline.verdict).toBe('reproduced')

  project.copy('desk-agent.ts', 'fix.ts', DESK_FIX)
  project.write(
    'scenarios/run_1.yaml',
    scenario.replace('id: fix\n    agent: ../agent.ts#run', 'id: fix\n    agent: ../fix.ts#run'),
  )
  const after = await project.verify()
  expect(after).toMatchObject({ code: 0, verdicts: { fix: 'fixed' } })
  expect(after.candidate('fix').evidence).toMatchObject({ coverage: 1, grades: { exact: 2 }, worst: 'exact' })
  expect(after.candidate('fix').egress).toEqual([])
})

test('leads to the same verdicts given an agent that was recorded with a key too short to be one', async () => {
  const project = await openDesk({ env: { OPENAI_API_KEY: 'none' } })
  await project.retrial(['scenario', 'new', 'recordings/run_1.jsonl'])
  expect(project.read('scenarios/run_1.yaml')).not.toContain('OPENAI_API_KEY')
  expect(await project.verify()).toMatchObject({ code: 1, verdicts: { fix: 'not_fixed' } })
})

test('says what is left to decide given a recording that names neither its agent nor its input', async () => {
  const project = openProject()
  project.copy('desk-agent.ts', 'agent.ts')
  const { env, close } = await startDesk()
  await project.retrial(['record', '--out', 'recordings/run_1.jsonl', '--', 'node', 'agent.ts', 'Where?'], env)
  await close()
  await project.retrial(['scenario', 'new', 'recordings/run_1.jsonl'])
  const text = project.read('scenarios/run_1.yaml')
  expect(text).toMatch(/# DECIDE: .*which agent ran/)
  expect(text).toMatch(/# REVIEW: .*what the agent was called with/)
  // As the comments say, and no more.
  const named = text.replace('# agent: ./path/to/agent.ts#run', 'agent: ../agent.ts#run')
  project.write('scenarios/run_1.yaml', named)
  const called = await project.verify()
  expect(called).toMatchObject({ code: 4, verdicts: { fix: 'error' } })
  expect(called.reports[0]?.baseline.reasons.map(({ code }) => code)).toContain('missing_input')
  const decided = named.replace('# input: { … }', 'input: { question: "Where?" }')
  project.write('scenarios/run_1.yaml', decided)
  expect(await project.verify()).toMatchObject({ code: 1, verdicts: { fix: 'not_fixed' } })
})

test('calls the agent with null given a scenario that says so, whatever the recording holds', async () => {
  const project = await openDesk()
  await project.retrial(['scenario', 'new', 'recordings/run_1.jsonl'])
  project.write('scenarios/run_1.yaml', `${project.read('scenarios/run_1.yaml')}\ninput: null\n`)
  const { reports } = await project.verify()
  const reasons = reports[0]?.baseline.reasons ?? []
  expect(reasons.map(({ code }) => code)).toContain('agent_threw')
  // The scenario said with what: nothing is missing.
  expect(reasons.map(({ code }) => code)).not.toContain('missing_input')
})
