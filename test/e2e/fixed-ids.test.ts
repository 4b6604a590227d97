import { expect, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'
import type { Project } from './open-project.ts'

const TENANTS = ['6f1c2a90-3b7d-4e21-9c55-d0a7f3e8b412', '0d94be17-52aa-4c38-b6f1-7e2290c4a1d3'] as const
const WITH_TENANT = ['tools: TOOLS', `tools: TOOLS, user: '${TENANTS[0]}'`] as const
const WITH_DRAW = ['tools: TOOLS', 'tools: TOOLS, user: crypto.randomUUID()'] as const

function tryFix(project: Project, ...changes: (readonly [from: string, to: string])[]) {
  const fixed = [DESK_FIX, ...changes].reduce(
    (text, [from, to]) => text.replace(from, () => to),
    project.read('agent.ts'),
  )
  project.write('fix.ts', fixed)
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}candidates: [{ id: fix, agent: ../fix.ts#run }]\n`)
  return project.verify()
}

test('never takes another id for a renamed one given an id that stands in the code', async () => {
  const project = await openDesk({ change: [WITH_TENANT] })
  expect((await tryFix(project)).verdicts).toEqual({ fix: 'fixed' })
  const { verdicts, candidate } = await tryFix(project, TENANTS)
  expect(verdicts).toEqual({ fix: 'inconclusive' })
  expect(candidate('fix').evidence.worst).toBe('stale')
  expect(candidate('fix').divergences[0]).toMatchObject({ step: 1, difference: { path: '$.user', asked: TENANTS[1] } })
})

test('takes the ids that an agent draws for the recorded ones given a fix that draws more of them', async () => {
  const project = await openDesk({ change: [WITH_DRAW] })
  const more = ['const client', 'for (let i = 0; i < 9; i++) crypto.randomUUID()\n  const client'] as const
  const { verdicts, candidate } = await tryFix(project, more)
  expect(verdicts).toEqual({ fix: 'fixed' })
  expect(candidate('fix').evidence.worst).toBe('renamed')
})
