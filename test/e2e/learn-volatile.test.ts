import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { openDesk } from './desk-incident.ts'
import type { Project } from './open-project.ts'

const FIELDS = 'messages, tools: TOOLS'

interface Proposal {
  code: number | null
  text: string
  volatile: string[]
}

async function propose(project: Project): Promise<Proposal> {
  const { code, stderr } = await project.retrial(['scenario', 'new', 'recordings/run_1.jsonl', '--force'])
  expect(stderr).toBe('')
  const text = project.read('scenarios/run_1.yaml')
  return { code, text, volatile: parse(text).replay.volatile ?? [] }
}

test('proposes the fields that change from run to run given an agent that stamps its requests', async () => {
  const stamps = [
    'pid: String(process.pid)',
    'nonce: Math.random().toString(36).slice(2)',
    'at: new Date().toUTCString()',
    // Found by a one-to-one renaming, so it need not be declared.
    'id: crypto.randomUUID()',
    'since: new Date().toISOString()',
    // The same in every run.
    "team: 'desk'",
  ]
  const project = await openDesk({ change: [[FIELDS, `${FIELDS}, metadata: { ${stamps.join(', ')} }`]] })
  const { code, text, volatile } = await propose(project)
  expect(code).toBe(0)
  expect(volatile.toSorted()).toEqual(['$.metadata.at', '$.metadata.nonce', '$.metadata.pid'])
  // Both values stand beside each field, for review.
  expect(text).toMatch(/- \$\.metadata\.pid # recorded "\d+", replayed "\d+" and "\d+"/)
  expect(text).toMatch(/- \$\.metadata\.at # recorded "\w{3}, .* GMT", replayed "\w{3}, .* GMT"/)
  // As it stands it is a scenario whose baseline reproduces the incident.
  const { reports } = await project.verify()
  expect(reports[0]?.baseline.verdict).toBe('reproduced')
  expect(reports[0]?.baseline.evidence.worst).toBe('ignored')
})

test('proposes nothing of the question given a prompt that tells the day', async () => {
  const project = await openDesk({ change: [['content: SYSTEM', 'content: SYSTEM + new Date().toDateString()']] })
  const { volatile, text } = await propose(project)
  expect(volatile).toEqual([])
  expect(text).toMatch(/# {3}\$\.messages\[0\]\.content {3}recorded .*part of the question/)
})

test('proposes no field given an agent that was changed since', async () => {
  const project = await openDesk()
  project.copy('desk-agent.ts', 'agent.ts', [FIELDS, `${FIELDS}, temperature: 0.5`], ['Look an order up', 'Look it up'])
  const { volatile, text } = await propose(project)
  expect(volatile).toEqual([])
  expect(text).toContain('has the agent changed since it was recorded?')
})

test.each([
  ['is not there', (project: Project) => project.run('rm', ['agent.ts']), 'There is no agent at'],
  ['cannot be loaded', async (project: Project) => project.write('agent.ts', 'nonsense('), 'cannot be loaded'],
  [
    'throws',
    async (project: Project) => project.write('agent.ts', "export function run() { throw new Error('no') }"),
    'it threw Error: no',
  ],
])('says why and proposes nothing given an agent that %s', async (_how, spoil, why) => {
  const project = await openDesk()
  await spoil(project)
  const { code, volatile, text } = await propose(project)
  expect({ code, volatile }).toEqual({ code: 0, volatile: [] })
  expect(text).toMatch(
    new RegExp(`# REVIEW: no volatile fields were looked for, as the agent cannot be replayed: .*${why}`),
  )
})

test('learns nothing given --no-replay', async () => {
  const project = await openDesk({ change: [[FIELDS, `${FIELDS}, metadata: { pid: String(process.pid) }`]] })
  const { code, stdout } = await project.retrial([
    'scenario',
    'new',
    'recordings/run_1.jsonl',
    '--no-replay',
    '--out',
    '-',
  ])
  expect(code).toBe(0)
  expect(stdout).not.toContain('volatile')
})
