import { expect, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'

/** What no signal counts: requests that were made, and what the run gave. */
const ROLES = `  cause: { span: tool_call:lookup_order, arguments: { matches: '"17"|:17' }, at_least: 3 }
  symptom: { output: { matches: max_steps, not_matches: colleague } }
`

test('judges by what a run asked and gave given roles over spans and the output', async () => {
  const project = await openDesk()
  project.copy('desk-agent.ts', 'fix.ts', DESK_FIX)
  project.copy('desk-agent.ts', 'hide.ts', ["stop_reason: 'max_steps'", "stop_reason: 'completed'"])
  const [head = ''] = DESK_SCENARIO.split('  cause:')
  const candidates = '[{ id: fix, agent: ../fix.ts#run }, { id: hide, agent: ../hide.ts#run, expect: masked }]'
  project.write('scenarios/desk.yaml', `${head}${ROLES}candidates: ${candidates}\n`)
  const { code, reports, candidate } = await project.verify()
  expect(reports[0]?.baseline).toMatchObject({
    verdict: 'reproduced',
    findings: { cause: { observed: expect.stringMatching(/^lookup_order with .* = ×\d$/) } },
  })
  expect({ code, fix: candidate('fix').verdict, hide: candidate('hide').verdict }).toEqual({
    code: 0,
    fix: 'fixed',
    hide: 'masked',
  })
})

test('says what is wrong given a role over an output without a pattern, and one that is no regular expression', async () => {
  const project = await openDesk()
  const [head = ''] = DESK_SCENARIO.split('  cause:')
  const broken = "  cause: { output: {} }\n  symptom: { output: { matches: '(' } }\n"
  project.write('scenarios/desk.yaml', `${head}${broken}candidates: [{ id: fix, agent: ../agent.ts#run }]\n`)
  const { code, stdout, stderr } = await project.retrial(['verify'])
  expect(code).toBe(2)
  expect(`${stdout}${stderr}`).toMatch(/desk\.yaml:7:\d+[\s\S]*true of every run[\s\S]*ERR_SCENARIO_INCIDENT/)
  expect(`${stdout}${stderr}`).toMatch(/desk\.yaml:8:\d+[\s\S]*ERR_SCENARIO_REGEX/)
})
