import { expect, test } from 'vitest'
import type { Examination } from '../../src/model/examination.ts'
import { DESK_SCENARIO, openDesk } from './desk-incident.ts'
import type { Project } from './open-project.ts'

const FIELDS = 'messages, tools: TOOLS'
const START = 'const client = new OpenAI()'

async function openWith(change: (readonly [string, string])[], settings = ''): Promise<Project> {
  const project = await openDesk({ change })
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}baseline: ../agent.ts#run\n${settings}\ncandidates: [{ id: fix }]\n`,
  )
  return project
}

async function examine(project: Project): Promise<Examination & { code: number | null }> {
  const { code, stdout, stderr } = await project.retrial(['doctor', 'scenarios/desk.yaml', '--json'])
  expect(stderr).toBe('')
  return { code, ...JSON.parse(stdout) }
}

test('finds nothing and exits with 0 given an agent that looks at nothing but its recording', async () => {
  const project = await openWith([
    [FIELDS, `${FIELDS}, metadata: { id: crypto.randomUUID(), at: new Date().toISOString() }`],
  ])
  const { code, stdout } = await project.retrial(['doctor', 'scenarios/desk.yaml'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^desk {2}.*replayed twice/)
  expect(stdout).toContain('clean  both replays are equal')
  expect(await examine(project)).toMatchObject({ code: 0, finding: 'clean', findings: [] })
})

test('lists what differs and every source with its remedy, and exits with 3', async () => {
  const sources = 'process.env.FEATURE_X; crypto.getRandomValues(new Uint8Array(2)); os.hostname()\n  '
  const stamp = 'metadata: { nonce: Math.random().toString(36), day: new Date().toDateString() }'
  const project = await openWith([
    ['import OpenAI', "import os from 'node:os'\nimport OpenAI"],
    [START, `${sources}${START}`],
    [FIELDS, `${FIELDS}, ${stamp}`],
  ])
  const { code, finding, findings } = await examine(project)
  expect({ code, finding }).toEqual({ code: 3, finding: 'not_clean' })
  const differing = findings.filter(({ kind }) => kind === 'differs')
  expect(differing.map(({ what }) => what)).toEqual([
    expect.stringMatching(/step 1 llm_generate gpt-4.1-mini, .* at \$\.metadata\.(nonce|day)/),
  ])
  expect(differing[0]?.remedies[0]).toMatch(/^List `\$\.metadata\.(nonce|day)` under `replay\.volatile`/)
  expect(findings.filter(({ kind }) => kind === 'source')).toEqual([
    {
      kind: 'source',
      what: 'env:FEATURE_X',
      at: expect.stringMatching(/agent\.ts:\d+:\d+$/),
      remedies: [expect.stringContaining("accept: ['env:FEATURE_X']")],
      settled: null,
    },
    {
      kind: 'source',
      what: 'random:bytes',
      at: expect.any(String),
      remedies: [expect.stringContaining('replay: { seed: … }')],
      settled: null,
    },
    { kind: 'source', what: 'os:hostname', at: expect.any(String), remedies: [], settled: expect.any(String) },
  ])
  const { stdout } = await project.retrial(['doctor', 'scenarios/desk.yaml'])
  expect(stdout).toContain('not clean  3 findings')
})

test('tells what no replay gets an answer to given an agent that was changed since', async () => {
  const project = await openWith([])
  project.copy('desk-agent.ts', 'agent.ts', ['Look an order up', 'Look it up'])
  const { code, findings } = await examine(project)
  expect(code).toBe(3)
  expect(findings[0]).toMatchObject({
    kind: 'not_recorded',
    what: expect.stringContaining('prompt_changed at $.messages[0].content'),
  })
  expect(findings.map(({ kind }) => kind)).not.toContain('differs')
})

test('tells that the run ends otherwise given an agent that depends on the clock', async () => {
  // The second replay has a clock that begins days later.
  const until = Date.now() + 5 * 86_400_000
  const gamble = `if (Date.now() > ${until}) return { stop_reason: 'gave_up', answer: '' }`
  const project = await openWith([[START, `${gamble}\n  ${START}`]])
  const { code, findings } = await examine(project)
  expect(code).toBe(3)
  expect(findings).toContainEqual(
    expect.objectContaining({ kind: 'differs', what: 'the run ends by max_steps, or by gave_up' }),
  )
})

test('exits with 2 given a scenario that is not there, and given a scenario and --isolation', async () => {
  const project = await openWith([])
  expect(await project.retrial(['doctor', 'nowhere.yaml'])).toMatchObject({ code: 2, stdout: '' })
  const both = await project.retrial(['doctor', 'scenarios/desk.yaml', '--isolation'])
  expect(both).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('ERR_CLI_USAGE') })
})
