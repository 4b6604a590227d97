import { expect, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'

const FETCH = '{id}`)'
const POST = '{id}`, { method: "POST" })'

test('offers to accept a bypass, which works as printed, given a fix that never meets the trigger', async () => {
  const project = await openDesk()
  const early = 'if (message) return { stop_reason: "completed", answer: "It was never ordered." }'
  const asks = 'if (!message?.tool_calls)'
  project.copy('desk-agent.ts', 'root.ts', DESK_FIX, [asks, `${early}\n    ${asks}`])
  const candidates = (more: string) => `candidates:\n  - { id: root, agent: ../root.ts#run${more} }\n`
  project.write('scenarios/desk.yaml', `# Reviewed.\n${DESK_SCENARIO}${candidates(', expect: bypassed')}`)
  const expected = await project.verify()
  expect([expected.code, expected.candidate('root').ways_out]).toEqual([0, []])

  project.write('scenarios/desk.yaml', `# Reviewed.\n${DESK_SCENARIO}${candidates('')}`)
  const { verdicts, candidate } = await project.verify()
  expect(verdicts).toEqual({ root: 'bypassed' })
  const ways = candidate('root').ways_out ?? []
  expect(ways.map(({ kind }) => kind)).toEqual(['accept_bypass', 'look'])
  const accept = () => project.retrial(ways[0]?.command.split(' ').slice(1) ?? [])
  expect(await accept()).toMatchObject({ code: 0, stdout: expect.stringContaining('set verify.accept_bypass') })
  expect(await accept()).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing to set') })
  expect(project.read('scenarios/desk.yaml')).toMatch(/^# Reviewed\.[\s\S]*\nverify:\n {2}accept_bypass: true\n/)
  const accepted = await project.verify()
  expect(accepted.verdicts).toEqual({ root: 'fixed' })
  expect(accepted.candidate('root').assumptions).toContainEqual(expect.stringMatching(/^bypass accepted/))
})

test('says what is sent for real beside the live way out only given a request that does more than read', async () => {
  const project = await openDesk()
  const elsewhere = ['/orders/', '/archive/'] as const
  project.copy('desk-agent.ts', 'reads.ts', DESK_FIX, elsewhere)
  project.copy('desk-agent.ts', 'acts.ts', DESK_FIX, elsewhere, [FETCH, POST])
  const candidates = ['reads', 'acts'].map((id) => `  - { id: ${id}, agent: ../${id}.ts#run }\n`)
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}candidates:\n${candidates.join('')}`)
  const { candidate } = await project.verify()
  const lineOf = (id: string) => candidate(id).ways_out?.find(({ kind }) => kind === 'live')
  expect(lineOf('reads')?.text).not.toContain('for real')
  expect(lineOf('acts')?.text).toMatch(/sends POST to 127\.0\.0\.1:\d+ for real/)
  const shown = await project.retrial(['verify'])
  expect(shown.stdout.match(/sends POST to 127\.0\.0\.1:\d+ for real/g)).toHaveLength(2)
})
