import { expect, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'
import { openProject, type Project } from './open-project.ts'

const PROMPT = ['Look an order up before you answer.', 'Look an order up once, and say so if that fails.'] as const

/** The desk with a candidate that changes only the system prompt, and one that is fixed and changes it, too. */
async function openPromptTrial(settings: string, onDivergence = 'fail'): Promise<Project> {
  const project = await openDesk()
  project.copy('desk-agent.ts', 'prompt.ts', PROMPT)
  project.write(
    'both.ts',
    project.read('prompt.ts').replace(DESK_FIX[0], () => DESK_FIX[1]),
  )
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}${settings}
candidates:
  - { id: prompt, agent: ../prompt.ts#run, on_divergence: ${onDivergence} }
  - { id: both, agent: ../both.ts#run, on_divergence: ${onDivergence} }
`,
  )
  return project
}

test.each([
  ['on_divergence: fail', '', 'fail'],
  ['on_divergence: stale', '', 'stale'],
  ['stale answers and a bypass that is accepted', 'verify: { accept_bypass: true }', 'stale'],
  ['a volatile prompt', "replay: { volatile: ['$.messages[0].content'] }", 'fail'],
  ['a volatile message', "replay: { volatile: ['$.messages[0]'] }", 'fail'],
  ['a volatile prompt and stale answers', "replay: { volatile: ['$.messages[0].content'] }", 'stale'],
])('never takes a new system prompt for fixed on recorded answers given %s', async (_title, settings, onDivergence) => {
  const project = await openPromptTrial(settings, onDivergence)
  const { code, verdicts, candidate, reports } = await project.verify()
  expect(reports[0]?.baseline.verdict).toBe('reproduced')
  expect(verdicts).toEqual({ prompt: 'inconclusive', both: 'inconclusive' })
  expect(code).toBe(3)
  for (const id of ['prompt', 'both']) {
    expect(candidate(id).divergences[0]).toMatchObject({ step: 1, grade: expect.stringMatching(/^(stale|none)$/) })
    expect(candidate(id).divergences[0]?.difference?.text_diff).toContain(PROMPT[1])
    expect(candidate(id).evidence.worst).toMatch(/^(stale|none)$/)
  }
})

test('takes an answer found by ignoring a field that every run changes given a candidate that leaves the question alone', async () => {
  const project = await openDesk()
  const noise = ['messages, tools: TOOLS', 'messages, tools: TOOLS, metadata: { pid: String(process.pid) }'] as const
  project.copy('desk-agent.ts', 'noisy.ts', noise)
  project.write(
    'fixed.ts',
    project.read('noisy.ts').replace(DESK_FIX[0], () => DESK_FIX[1]),
  )
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}baseline: ../noisy.ts#run
replay: { volatile: [$.metadata] }
candidates:
  - { id: fixed, agent: ../fixed.ts#run }
`,
  )
  const { code, verdicts, candidate } = await project.verify()
  expect({ code, verdicts }).toEqual({ code: 0, verdicts: { fixed: 'fixed' } })
  expect(candidate('fixed').evidence.worst).toBe('ignored')
  expect(candidate('fixed').assumptions).toContainEqual(expect.stringContaining('ignored'))
})

test('takes a question that names its process for the same given a prompt that no two runs share', async () => {
  const project = await openDesk()
  const noise = ['content: SYSTEM', 'content: SYSTEM.concat(crypto.randomUUID())'] as const
  project.copy('desk-agent.ts', 'noisy.ts', noise)
  project.write(
    'fixed.ts',
    project.read('noisy.ts').replace(DESK_FIX[0], () => DESK_FIX[1]),
  )
  project.write('reworded.ts', project.read('fixed.ts').replace(...PROMPT))
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}baseline: ../noisy.ts#run
replay: { volatile: ['$.messages[0].content'] }
candidates:
  - { id: fixed, agent: ../fixed.ts#run }
  - { id: reworded, agent: ../reworded.ts#run }
`,
  )
  const { verdicts } = await project.verify()
  expect(verdicts).toEqual({ fixed: 'fixed', reworded: 'inconclusive' })
})

test('never takes other tools for fixed given that their description is volatile', async () => {
  const project = await openDesk()
  project.copy('desk-agent.ts', 'tools.ts', ['by its number', 'by its number, at most once'])
  project.write(
    'tools.ts',
    project.read('tools.ts').replace(DESK_FIX[0], () => DESK_FIX[1]),
  )
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}replay: { volatile: ['$.tools[0].function.description'] }
candidates: [{ id: tools, agent: ../tools.ts#run }]
`,
  )
  const { verdicts, candidate } = await project.verify()
  expect(verdicts).toEqual({ tools: 'inconclusive' })
  expect(candidate('tools').divergences[0]?.kind).toBe('tools_changed')
})

test.each(['$.messages', '$.messages[*].content', '$.messages[*]', '$.model', '$.tools'])(
  'refuses the scenario given %s as volatile',
  async (path) => {
    const project = openProject()
    project.write('scenarios/desk.yaml', `${DESK_SCENARIO}replay: { volatile: ['${path}'] }\n`)
    const { code, stderr } = await project.retrial(['verify'])
    expect(code).toBe(2)
    expect(stderr).toContain('would ignore the whole question')
  },
)
