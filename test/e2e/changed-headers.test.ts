import { expect, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'
import type { Project } from './open-project.ts'

type Change = readonly [from: string, to: string]

const FETCH = '{id}`)'
const asking = (headers: string): string => `{id}\`, { headers: ${headers} })`
const WITH_VERSION: Change = [FETCH, asking("{ 'x-api-version': '1' }")]

/** Fixes on trial, each the fixed agent of the desk with some texts replaced. */
function tryFixes(project: Project, fixes: Record<string, readonly Change[]>, more = '') {
  for (const [id, changes] of Object.entries(fixes)) {
    project.copy('desk-agent.ts', `${id}.ts`, DESK_FIX, ...changes)
  }
  const candidates = Object.keys(fixes).map((id) => `  - { id: ${id}, agent: ../${id}.ts#run }\n`)
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}${more}candidates:\n${candidates.join('')}`)
  return project.verify()
}

test('never takes recorded answers for good given fixes that ask with other headers', async () => {
  const project = await openDesk({ change: [WITH_VERSION] })
  const fixes: Record<string, Change[]> = {
    'changes-one': [WITH_VERSION, ["'1'", "'2'"]],
    'drops-one': [],
    'adds-one': [WITH_VERSION, ['{ headers: {', "{ headers: { 'x-tenant': 'other',"]],
    'wants-another-type': [WITH_VERSION, ['{ headers: {', "{ headers: { accept: 'text/csv',"]],
    'asks-the-model-so': [WITH_VERSION, ['new OpenAI(', "new OpenAI({ defaultHeaders: { 'x-model-override': 'm' } }"]],
    'is-of-an-organisation': [WITH_VERSION, ['new OpenAI(', "new OpenAI({ organization: 'org-other' }"]],
  }
  const { code, verdicts, candidate } = await tryFixes(project, fixes)
  expect(verdicts).toEqual(Object.fromEntries(Object.keys(fixes).map((id) => [id, 'inconclusive'])))
  expect(code).toBe(3)
  const places = Object.keys(fixes).map((id) => candidate(id).divergences.map(({ difference }) => difference))
  expect(places.map(([one]) => [one?.path, one?.recorded, one?.asked])).toEqual([
    ['header.x-api-version', '1', '2'],
    ['header.x-api-version', '1', null],
    ['header.x-tenant', null, 'other'],
    ['header.accept', null, 'text/csv'],
    ['header.x-model-override', null, 'm'],
    ['header.openai-organization', null, 'org-other'],
  ])
})

test('takes recorded answers for good given headers that say how a request is carried, or that every run makes anew', async () => {
  const nonce = "'x-nonce': Math.random().toString(36), 'x-at': String(Math.floor(Date.now() / 100))"
  const anew: Change = [FETCH, asking(`{ ${nonce}, 'x-session': crypto.randomUUID() }`)]
  const project = await openDesk({ change: [anew] })
  const later =
    'Math.random()\n  crypto.randomUUID()\n  await new Promise((resolve) => setTimeout(resolve, 700))\n  const client'
  const traced = "{ headers: { 'user-agent': 'other/2', traceparent: '00-1', 'x-request-id': 'r-1', accept: '*/*', "
  const fixes: Record<string, Change[]> = {
    'draws-other-values': [anew, ['const client', later]],
    'is-carried-otherwise': [anew, ['{ headers: { ', traced], ['new OpenAI(', 'new OpenAI({ maxRetries: 9 }']],
  }
  const worlds = 'verify: { perturb: { latency: [1.2], seeds: 1 } }\n'
  const { verdicts, candidate } = await tryFixes(project, fixes, worlds)
  expect(verdicts).toEqual({ 'draws-other-values': 'fixed', 'is-carried-otherwise': 'fixed' })
  expect(candidate('draws-other-values')).toMatchObject({
    evidence: { worst: 'exact' },
    worlds: { tried: 2, passed: 2 },
  })
})

test('offers the ways to settle it, and each works as printed, given a header that only the fix sends otherwise', async () => {
  const project = await openDesk({ change: [WITH_VERSION] })
  const { candidate } = await tryFixes(project, { fix: [WITH_VERSION, ["'1'", "'2', 'x-tenant': 'other'"]] })
  const ways = candidate('fix').ways_out ?? []
  expect(ways.map(({ kind }) => kind)).toEqual(['volatile', 'stub', 'live', 'look'])
  const type = (kind: string) => {
    const command = ways.find((way) => way.kind === kind)?.command ?? ''
    return project.retrial(command.split(' ').slice(1))
  }
  expect((await type('look')).stdout).toContain('header.x-api-version')
  expect(await type('stub')).toMatchObject({ code: 0, stderr: '' })
  const stubbed = await project.verify()
  expect(stubbed.verdicts).toEqual({ fix: 'fixed' })
  expect(stubbed.candidate('fix').evidence.grades).toEqual({ exact: 1, stub: 1 })

  await tryFixes(project, { fix: [WITH_VERSION, ["'1'", "'2', 'x-tenant': 'other'"]] })
  expect(await type('volatile')).toMatchObject({ code: 0, stderr: '' })
  const ignored = await project.verify()
  expect(ignored.verdicts).toEqual({ fix: 'fixed' })
  expect(ignored.candidate('fix').evidence.worst).toBe('ignored')
  expect(ignored.candidate('fix').assumptions).toContainEqual(expect.stringMatching(/^1 ignored answer/))
})
