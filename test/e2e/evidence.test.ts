import { existsSync, rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Answer, type ChatRequest, completionBody } from '../../examples/support-agent/servers/chat-wire.ts'
import { listen } from '../../examples/support-agent/servers/listen.ts'
import { DESK_FIX, DESK_SCENARIO } from './desk-incident.ts'
import { openProject, type Project } from './open-project.ts'
import { startDesk } from './start-desk.ts'

const PROMPT = ['Look an order up before you answer.', 'Look an order up once, and say so if that fails.'] as const

/** The desk: its incident, and runs of other agents in the same world, each recorded under its name. */
async function openDeskWith(agents: Record<string, readonly (readonly [string, string])[]>): Promise<Project> {
  const project = openProject()
  const { env, close } = await startDesk()
  const input = { question: 'Where is order 17?' }
  for (const [name, changes] of Object.entries({ agent: [], ...agents })) {
    project.copy('desk-agent.ts', `${name}.ts`, ...changes)
    const out = `recordings/${name === 'agent' ? 'run_1' : name}.jsonl`
    const args = ['record', '--out', out, '--agent-ref', `../${name}.ts#run`, '--input', JSON.stringify(input)]
    expect(await project.retrial([...args, '--', 'node', `${name}.ts`, input.question], env)).toMatchObject({ code: 0 })
  }
  await close()
  return project
}

const BOTH = [PROMPT, DESK_FIX]

function scenario(project: Project, more: string): void {
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}${more}candidates:\n  - { id: both, agent: ../both.ts#run }\n`)
}

test('judges a fix that changes the prompt on another recording, and says so, given one that holds the question', async () => {
  const project = await openDeskWith({ both: BOTH })
  scenario(project, '')
  expect((await project.verify()).verdicts).toEqual({ both: 'inconclusive' })

  scenario(project, 'evidence: [../recordings/both.jsonl]\n')
  const named = await project.verify()
  expect(named.verdicts).toEqual({ both: 'fixed' })
  expect(named.code).toBe(0)
  const { evidence, assumptions } = named.candidate('both')
  // The model was asked anew; the orders service as it was.
  expect(evidence.grades).toEqual({ exact: 1, pooled: 1 })
  expect(assumptions).toContainEqual(expect.stringMatching(/^pooled: answered from \.\.\/recordings\/both\.jsonl/))

  const strict = await project.verify(['--required-evidence', 'exact'])
  expect(strict.verdicts).toEqual({ both: 'inconclusive' })
  expect(strict.candidate('both').reasons.map(({ code }) => code)).toContain('weak_evidence')
})

test('takes another recording for this run only given it on the command line', async () => {
  const project = await openDeskWith({ both: BOTH })
  scenario(project, '')
  expect((await project.verify(['--evidence', 'recordings/both.jsonl'])).verdicts).toEqual({ both: 'fixed' })
  expect((await project.verify()).verdicts).toEqual({ both: 'inconclusive' })
})

test('never takes an answer to another question given a recording of another prompt', async () => {
  const project = await openDeskWith({ other: [[PROMPT[0], 'Look it up.']], both: BOTH })
  scenario(project, 'evidence: [../recordings/other.jsonl]\n')
  expect((await project.verify()).verdicts).toEqual({ both: 'inconclusive' })
})

test('takes the answers of another recording only given one that was asked with the headers of the fix', async () => {
  const override = (model: string) =>
    ['new OpenAI(', `new OpenAI({ defaultHeaders: { 'x-model-override': '${model}' } }`] as const
  const version = (text: string) => ['{id}`)', `{id}\`, { headers: { 'x-api-version': '${text}' } })`] as const
  const project = await openDeskWith({ both: [...BOTH, override('a'), version('2')] })
  scenario(project, 'evidence: [../recordings/both.jsonl]\n')
  const { verdicts, candidate } = await project.verify()
  expect(verdicts).toEqual({ both: 'fixed' })
  expect(candidate('both').evidence.grades).toEqual({ pooled: 2 })
  for (const other of [override('b'), version('3')]) {
    const [own] = other[1].includes('override') ? [version('2')] : [override('a')]
    project.copy('desk-agent.ts', 'both.ts', ...BOTH, other, own)
    expect((await project.verify()).verdicts).toEqual({ both: 'inconclusive' })
  }
})

test.each([
  ['one that is not there', '../recordings/none.jsonl', 'ERR_RECORDING_NOT_FOUND'],
  ['that of the incident', '../recordings/run_1.jsonl', 'ERR_SUITE_EVIDENCE'],
])('refuses the scenario and says where given %s as further evidence', async (_title, path, code) => {
  const project = await openDeskWith({})
  project.copy('desk-agent.ts', 'both.ts', ...BOTH)
  scenario(project, `evidence:\n  - ${path}\n`)
  const ended = await project.retrial(['verify'])
  expect(ended.code).toBe(2)
  expect(ended.stderr).toContain(code)
  expect(ended.stderr).toMatch(/scenarios\/desk\.yaml:\d+:\d+/)
})

test('refuses further evidence given one whose bytes are not those that are pinned', async () => {
  const project = await openDeskWith({ both: BOTH })
  scenario(project, 'evidence: [../recordings/both.jsonl]\n')
  project.write('recordings/both.jsonl', project.read('recordings/both.jsonl').replace('"1', '"2'))
  expect((await project.retrial(['verify'])).code).toBe(2)
})

const ASKED = (project: Project): string =>
  /http:\/\/127\.0\.0\.1:\d+/.exec(project.read('recordings/run_1.jsonl'))?.[0] ?? ''

test('judges a fix on what is assumed, and lists the assumption, given a stub for what it asks', async () => {
  const project = await openDeskWith({})
  project.copy('desk-agent.ts', 'both.ts', ...BOTH)
  const stub = (answer: string, more = '') =>
    `stubs:\n  - { assumption: the model still looks it up, request: POST ${ASKED(project)}/v1/chat/completions, ${more}${answer} }\n`
  scenario(project, stub('tool_calls: [{ name: lookup_order, arguments: { id: "17" } }]'))
  const { verdicts, candidate } = await project.verify()
  expect(verdicts).toEqual({ both: 'fixed' })
  expect(candidate('both').evidence.grades).toEqual({ exact: 1, stub: 1 })
  expect(candidate('both').assumptions).toContain('stub: the model still looks it up (1 answer)')

  // What it is assumed to say decides, and nothing of it is taken for a recorded answer.
  scenario(project, stub('message: It is on its way.'))
  expect((await project.verify()).verdicts).toEqual({ both: 'bypassed' })
  scenario(project, stub('message: It is on its way.', 'contains: never said, '))
  expect((await project.verify()).verdicts).toEqual({ both: 'inconclusive' })
  scenario(project, stub('message: hello, text: hello'))
  expect((await project.retrial(['verify'])).stderr).toContain('ERR_SCENARIO_STUB')
})

/** A model that says what it is told, and counts what it is asked. */
async function startModel(status = 200) {
  const asked: { key: string | undefined; body: ChatRequest }[] = []
  const { origin, close } = await listen(0, async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as ChatRequest
    asked.push({ key: request.headers.authorization, body })
    const answer: Answer = { kind: 'call', calls: [{ name: 'lookup_order', args: { id: '17' } }] }
    const text = JSON.stringify(status === 200 ? completionBody(body, answer) : { error: { message: 'no' } })
    response.writeHead(status, { 'content-type': 'application/json' }).end(text)
  })
  return { env: { OPENAI_BASE_URL: `${origin}/v1`, OPENAI_API_KEY: 'sk-live-0123456789' }, asked, close }
}

test('asks the real model for exactly what is missing, pins it, and needs no network afterwards, given --live model', async () => {
  const project = await openDeskWith({})
  project.copy('desk-agent.ts', 'both.ts', ...BOTH)
  scenario(project, '')
  const model = await startModel()
  const live = await project.retrial(['verify', '--json', '--live', 'model'], model.env)
  await model.close()
  expect(live.stderr).toContain('at most 10 calls and 50000 tokens')
  expect(live.code, live.stdout).toBe(0)
  expect(model.asked.map(({ key, body }) => [key, (body.messages[0] as { content?: string }).content])).toEqual([
    ['Bearer sk-live-0123456789', expect.stringContaining(PROMPT[1])],
  ])
  const { candidate, verdicts } = await project.verify()
  expect(verdicts).toEqual({ both: 'fixed' })
  expect(candidate('both').evidence.grades).toEqual({ exact: 1, live: 1 })
  expect(candidate('both').assumptions).toContainEqual(expect.stringMatching(/^live: .*pinned in desk\.live\.jsonl/))
  // It is pinned for review, and holds no key.
  expect(project.read('scenarios/recordings.lock.json')).toContain('desk.live.jsonl')
  expect(project.read('scenarios/desk.live.jsonl')).not.toContain('sk-live-0123456789')
})

test.each([
  ['no key', {}, 'set OPENAI_BASE_URL'],
  ['a model that fails', 'failing', 'answered with status 500'],
])('stays inconclusive and says why given %s', async (_title, given, why) => {
  const project = await openDeskWith({})
  project.copy('desk-agent.ts', 'both.ts', ...BOTH)
  scenario(project, '')
  const model = await startModel(500)
  const env = given === 'failing' ? model.env : {}
  const { verdicts, candidate, code } = await project.verify(['--live', 'model'], env)
  await model.close()
  expect(verdicts).toEqual({ both: 'inconclusive' })
  expect(code).toBe(3)
  expect(candidate('both').reasons.find((reason) => reason.code === 'live_refused')?.message).toContain(why)
  expect(existsSync(project.path('scenarios/desk.live.jsonl'))).toBe(false)
})

test('asks nothing beyond the budget, and no tool where only models are allowed', async () => {
  const project = await openDeskWith({})
  const elsewhere = ['/orders/', '/archive/'] as const
  project.copy('desk-agent.ts', 'both.ts', ...BOTH, elsewhere)
  scenario(project, '')
  const model = await startModel()
  const poor = await project.verify(['--live', 'model', '--live-tokens', '5'], model.env)
  expect(JSON.stringify(poor.candidate('both').reasons)).toContain('raise --live-tokens')
  expect(model.asked).toHaveLength(0)
  const { candidate } = await project.verify(['--live', 'model'], model.env)
  expect(candidate('both').verdict).toBe('inconclusive')
  expect(JSON.stringify(candidate('both').reasons)).toContain('--live model allows model only')
  expect(model.asked).toHaveLength(1)
  await model.close()
})

/** Runs a command that a report printed, as it stands. */
function runPrinted(project: Project, command: string, env: Record<string, string> = {}) {
  const [program, ...args] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
  expect(program).toBe('retrial')
  return project.retrial(args, env)
}

test('offers the ways to settle it, the cheapest first, and each works as printed, given a question that nothing answers', async () => {
  const project = await openDeskWith({ both: BOTH })
  scenario(project, '# Reviewed by hand.\n')
  const { candidate, code } = await project.verify()
  expect(code).toBe(3)
  const ways = candidate('both').ways_out ?? []
  expect(ways.map(({ kind }) => kind)).toEqual(['evidence', 'stub', 'live', 'look'])
  const [evidence = '', stub = '', live = ''] = ways.map(({ command }) => command)
  const shown = await project.retrial(['verify'])
  for (const { command } of ways) expect(shown.stdout).toContain(command)

  expect(evidence).toContain('--evidence recordings/both.jsonl')
  expect((await runPrinted(project, evidence)).code).toBe(0)

  const model = await startModel()
  expect((await runPrinted(project, live, model.env)).code).toBe(0)
  await model.close()
  expect(model.asked).toHaveLength(1)
  rmSync(project.path('scenarios/desk.live.jsonl'))

  expect(stub).toMatch(/--like c1$/)
  expect(await runPrinted(project, stub)).toMatchObject({ code: 0, stderr: '' })
  const stubbed = await project.verify()
  expect(stubbed.verdicts).toEqual({ both: 'fixed' })
  expect(stubbed.candidate('both').assumptions).toContainEqual(
    expect.stringMatching(/^stub: .*it is answered as c1 was/),
  )
  expect(project.read('scenarios/desk.yaml')).toContain('# Reviewed by hand.')
  expect(await project.retrial(stub.split(' ').slice(1))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('ERR_CLI_STUB'),
  })
})

test('is red, green and red again, and says so, given --teeth and a fix', async () => {
  const project = await openDeskWith({})
  project.copy('desk-agent.ts', 'fix.ts', DESK_FIX)
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}candidates:\n  - { id: fix, agent: ../fix.ts#run }\n`)
  const { code, candidate } = await project.verify(['--teeth'])
  expect(code).toBe(0)
  expect(candidate('fix').reasons).toContainEqual(expect.objectContaining({ code: 'teeth' }))
})

test('has no teeth, and is not green, given a baseline that is red once only', async () => {
  const project = await openDeskWith({})
  project.copy('desk-agent.ts', 'fix.ts', DESK_FIX)
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}baseline: ../once.ts#run\ncandidates:\n  - { id: fix, agent: ../fix.ts#run }\n`,
  )
  project.write(
    'once.ts',
    `import { existsSync } from 'node:fs'
import { run as red } from './agent.ts'
import { run as green } from './fix.ts'
const isAgain = existsSync(new URL('.retrial/replays/desk/baseline.jsonl', import.meta.url))
export const run = isAgain ? green : red
`,
  )
  const { verdicts, candidate, code } = await project.verify(['--teeth', '--ahead', '0', '--workers', '1'])
  expect(verdicts).toEqual({ fix: 'not_reproduced' })
  expect(candidate('fix').reasons[0]).toMatchObject({ code: 'no_teeth' })
  expect(code).toBe(3)
})

test('refuses the recording of a replay, as further evidence and as that of an incident, given one that was given an old answer', async () => {
  const project = await openDeskWith({})
  project.copy('desk-agent.ts', 'both.ts', ...BOTH)
  scenario(project, 'replay: { on_divergence: stale }\n')
  expect((await project.verify()).verdicts).toEqual({ both: 'inconclusive' })
  // What was served although it answers another question would now look recorded for just this one.
  const replayed = project.read('.retrial/replays/desk/candidate-both.jsonl')
  expect(replayed).toContain('"stale"')
  scenario(project, 'evidence: [../.retrial/replays/desk/candidate-both.jsonl]\n')
  const ended = await project.retrial(['verify'])
  expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining('ERR_SUITE_EVIDENCE')])
  const text = project.read('scenarios/desk.yaml')
  const another = text.replace('../recordings/run_1.jsonl', '../.retrial/replays/desk/candidate-both.jsonl')
  project.write('scenarios/desk.yaml', another.replace(/^evidence.*\n/m, ''))
  const again = await project.retrial(['verify'])
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('ERR_SUITE_REPLAYED')])
})
