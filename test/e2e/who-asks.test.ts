import { expect, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'
import type { Project } from './open-project.ts'

const FETCH = '{id}`)'
const asking = (headers: string): string => `{id}\`, { headers: ${headers} })`
const WITH_KEY = [FETCH, asking("{ authorization: 'Bearer of-the-desk' }")] as const

function tryFix(project: Project, ...changes: (readonly [from: string, to: string])[]) {
  const fixed = [DESK_FIX, ...changes].reduce((text, [from, to]) => {
    expect(text).toContain(from)
    return text.replace(from, () => to)
  }, project.read('agent.ts'))
  project.write('fix.ts', fixed)
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}candidates: [{ id: fix, agent: ../fix.ts#run }]\n`)
  return project.verify()
}

test('takes the answers to an agent with a key for good given a fix that sends the same', async () => {
  const project = await openDesk({ change: [WITH_KEY] })
  const { verdicts, candidate } = await tryFix(project)
  expect(verdicts).toEqual({ fix: 'fixed' })
  expect(candidate('fix').evidence.worst).toBe('exact')
})

test('never takes recorded answers for good given fixes that ask as somebody else', async () => {
  const project = await openDesk({ change: [WITH_KEY] })
  const changes: Record<string, readonly [from: string, to: string]> = {
    'forgets-its-key': [WITH_KEY[1], FETCH],
    'sends-another-key': ['of-the-desk', 'of-the-customer'],
    'sends-it-in-another-header': ['authorization', "'x-api-key'"],
    'sends-it-in-another-way': ['Bearer', 'Basic'],
    'makes-its-requests-idempotent': ['{ authorization', "{ 'idempotency-key': 'k-1', authorization"],
  }
  const ids = Object.keys(changes)
  for (const [id, change] of Object.entries(changes)) {
    project.copy('desk-agent.ts', `${id}.ts`, WITH_KEY, DESK_FIX, change)
  }
  const candidates = ids.map((id) => `  - { id: ${id}, agent: ../${id}.ts#run }\n`)
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}candidates:\n${candidates.join('')}`)
  const { code, verdicts, candidate } = await project.verify()
  expect(verdicts).toEqual(Object.fromEntries(ids.map((id) => [id, 'inconclusive'])))
  expect(code).toBe(3)
  for (const id of ids) {
    expect(candidate(id).evidence.worst).toBe('stale')
    expect(candidate(id).divergences[0]).toMatchObject({ step: 2, grade: 'stale', difference: expect.anything() })
  }
})

test('never takes the refusal of an agent without a key for that of one with it given a fix that adds one', async () => {
  const project = await openDesk()
  const { verdicts } = await tryFix(project, WITH_KEY)
  expect(verdicts).toEqual({ fix: 'inconclusive' })
})

test('takes the answers for good given a key that every run makes anew', async () => {
  const fresh = [FETCH, asking("{ authorization: 'Bearer ' + Date.now() + crypto.randomUUID() }")] as const
  const project = await openDesk({ change: [fresh] })
  const { verdicts } = await tryFix(project, [
    'const client',
    'Math.random()\n  await new Promise((resolve) => setTimeout(resolve, 70))\n  const client',
  ])
  expect(verdicts).toEqual({ fix: 'fixed' })
})
