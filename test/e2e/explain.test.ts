import { expect, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'
import type { Project } from './open-project.ts'

const PROMPT = ['Look an order up before you answer.', 'Look an order up once, and say so if that fails.'] as const

/** A desk with candidates that ask otherwise, each in its own way. */
async function openOdd(): Promise<Project> {
  const project = await openDesk()
  project.copy('desk-agent.ts', 'prompt.ts', PROMPT)
  project.copy('desk-agent.ts', 'field.ts', ['messages, tools: TOOLS', 'messages, tools: TOOLS, temperature: 0.5'])
  project.copy('desk-agent.ts', 'brief.ts', [
    'content: input.question },',
    "content: input.question },\n    { role: 'user', content: 'Be brief.\\nIn one line.' },",
  ])
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}
candidates:
  - { id: prompt, agent: ../prompt.ts#run }
  - { id: stale, agent: ../prompt.ts#run, on_divergence: stale }
  - { id: field, agent: ../field.ts#run }
  - { id: brief, agent: ../brief.ts#run }
`,
  )
  return project
}

test('takes a fix for fixed once the printed command was typed given a time that it writes down later', async () => {
  const stamped = (when: string) =>
    ['messages, tools: TOOLS', `messages, tools: TOOLS, metadata: { at: ${when} }`] as const
  // Of an hour, so that it hardly ever steps while the run begins.
  const hour = (at: string) => `new Date(${at}).toISOString().slice(11, 14) + '00'`
  const project = await openDesk({ change: [stamped(hour('Date.now()'))] })
  project.copy('desk-agent.ts', 'fix.ts', stamped(hour('Date.now() + 3_600_000')), DESK_FIX)
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}candidates: [{ id: fix, agent: ../fix.ts#run }]\n`)
  const open = await project.verify()
  expect(open.verdicts).toEqual({ fix: 'inconclusive' })
  const { command = '' } = open.candidate('fix').ways_out?.find(({ kind }) => kind === 'volatile') ?? {}
  expect(command).toBe("retrial scenario volatile scenarios/desk.yaml '$.metadata.at'")
  expect(await project.retrial(['scenario', 'volatile', 'scenarios/desk.yaml', '$.metadata.at'])).toMatchObject({
    code: 0,
    stderr: '',
  })
  const settled = await project.verify()
  expect(settled.verdicts).toEqual({ fix: 'fixed' })
  expect(settled.candidate('fix').evidence.grades).toEqual({ ignored: 1, exact: 1 })
  // What would take the question itself out of the match is refused, and the file stays as it was.
  const before = project.read('scenarios/desk.yaml')
  expect((await project.retrial(['scenario', 'volatile', 'scenarios/desk.yaml', '$.messages'])).code).toBe(2)
  expect(project.read('scenarios/desk.yaml')).toBe(before)
})

test('shows a divergence in full given --explain', async () => {
  const project = await openOdd()
  const explain = (candidate: string, number: string, ...more: string[]) =>
    project.retrial(['replay', 'scenarios/desk.yaml', '--candidate', candidate, '--explain', number, ...more])

  const prompt = await explain('prompt', '1')
  expect(prompt).toMatchObject({ code: 3, stderr: '' })
  expect(prompt.stdout).toContain('divergence 1 of 1   step 1  llm_generate gpt-4.1-mini')
  // Both requests in full, the part that changed, and those that are the same.
  for (const text of PROMPT) expect(prompt.stdout.split(text)).toHaveLength(3)
  expect(prompt.stdout).toMatch(/asked \(c1 of the replay\)\n {2}POST http.*\n {2}\{\n/)
  expect(prompt.stdout).toContain('nearest (c1 of the recording)')
  expect(prompt.stdout).toContain('  ~ $.messages[0] (system)\n')
  expect(prompt.stdout).toContain('    $.messages[1] and 1 more: the same')
  expect(prompt.stdout).toContain('kind  prompt_changed: what differs stands in the system prompt')
  expect(prompt.stdout).toContain('retrial verify scenarios/desk.yaml --only desk/prompt --live model')
  expect(prompt.stdout).toContain('retrial scenario stub scenarios/desk.yaml --candidate prompt --like c1')
  expect(prompt.stdout).toContain('retrial record --out recordings/desk-prompt.jsonl -- ')

  const field = await explain('field', '1')
  expect(field.stdout).toContain("replay: { volatile: ['$.temperature'] }")
  expect(field.stdout).toMatch(/\+ \$\.temperature\n +\+ 0\.5/)

  const brief = await explain('brief', '1')
  expect(brief.stdout).toMatch(
    /\+ \$\.messages\[2\] \(user\)\n.*\n +\+ +"role": "user"\n.*\n +\+ Be brief\.\n +\+ In one line\./,
  )

  const third = await explain('stale', '3', '--json')
  const { explained, divergences } = JSON.parse(third.stdout)
  expect(third.code).toBe(3)
  expect(explained).toMatchObject({ number: 3, of: divergences.length, divergence: divergences[2] })
  expect(explained.parts).toContainEqual(expect.objectContaining({ kind: 'changed', path: '$.messages[0]' }))

  const none = await explain('prompt', '2')
  expect(none).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('ERR_CLI_NO_DIVERGENCE') })
  const zero = await explain('prompt', '0')
  expect(zero).toMatchObject({ code: 2, stderr: expect.stringContaining('counted from 1') })
})
