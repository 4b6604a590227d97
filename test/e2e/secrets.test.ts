import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'

/** Secrets of an agent's environment, and what it does with them. None may be found anywhere afterwards. */
const CANARIES = {
  OPENAI_API_KEY: 'sk-proj-canaryAAAA1111bbbbCCCC2222ddddEEEE3333ffff',
  ORDERS_TOKEN: 'canary-token-7f3d9b2c4e6a8d0f1b3c5e7a9d',
  DB_PASSWORD: 'canary-Passw0rd-of-the-database',
}
const OF_THE_WORLD = 'canary-session-5c1d8e7f2a4b6c9d0e1f3a5b7c'

/** Sends its secrets wherever an agent may: a header, a URL, a message to the model, its output and what it prints. */
const LEAKS = [
  'fetchOrder(id)',
  `fetch(
        \`\${process.env.ORDERS_URL}/orders/\${id}?access_token=\${process.env.ORDERS_TOKEN}\`,
        { headers: { authorization: \`Bearer \${process.env.ORDERS_TOKEN}\`, 'x-password': String(process.env.DB_PASSWORD) } },
      )`,
] as const
const SAYS = [
  "return { stop_reason: 'max_steps', answer: 'Sorry, I could not find that out.' }",
  `console.error('used', process.env.ORDERS_TOKEN)
  return { stop_reason: 'max_steps', answer: \`Sorry, \${process.env.ORDERS_TOKEN} did not help.\` }`,
] as const

test('keeps every secret out of recordings, replays and reports given an agent that spreads them', async () => {
  const project = await openDesk({ env: CANARIES, secret: OF_THE_WORLD, change: [LEAKS, SAYS] })
  const text = project.read('agent.ts')
  // They went out, and came in, under other names.
  expect(project.read('recordings/run_1.jsonl')).toMatch(/access_token=(?!canary)[\w-]{8,}/)
  expect(project.read('recordings/run_1.jsonl')).toMatch(/"x-api-key"/)
  // One that is fixed, one that fails loudly with a secret in its words, one that asks something else with a secret in it.
  project.write('fix.ts', text.replace(...DESK_FIX))
  project.write('throws.ts', text.replace(DESK_FIX[0], "throw new Error('no order with ' + process.env.ORDERS_TOKEN)"))
  project.write(
    'asks.ts',
    text.replace('content: input.question', "content: input.question + ' ' + process.env.ORDERS_TOKEN"),
  )
  project.write('dies.ts', "throw new Error('cannot start with ' + process.env.ORDERS_TOKEN)\n")
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}replay: { accept: ['env:DB_PASSWORD'] }
candidates:
  - { id: unfixed, expect: not_fixed }
  - { id: fix, agent: ../fix.ts#run }
  - { id: throws, agent: ../throws.ts#run, expect: error }
  - { id: asks, agent: ../asks.ts#run, expect: inconclusive }
  - { id: asks-stale, agent: ../asks.ts#run, on_divergence: stale, expect: inconclusive }
  - { id: dies, agent: ../dies.ts#run, expect: error }
`,
  )
  // The secrets are in the environment of the harness, too, as they are on a developer's machine.
  const said: string[] = []
  for (const reporter of ['terminal', 'json', 'junit']) {
    const { stdout, stderr } = await project.retrial(['verify', '--reporter', reporter], CANARIES)
    expect(stdout).toContain('unfixed')
    said.push(stdout, stderr)
  }
  const { verdicts } = await project.verify([], CANARIES)
  expect(verdicts).toEqual({
    unfixed: 'not_fixed',
    fix: 'fixed',
    throws: 'error',
    asks: 'inconclusive',
    'asks-stale': 'inconclusive',
    dies: 'error',
  })
  for (const args of [
    ['debug', 'recordings/run_1.jsonl'],
    ['debug', 'recordings/run_1.jsonl', '--json'],
    ['scenario', 'new', 'recordings/run_1.jsonl', '--out', '-'],
    ['replay', 'scenarios/desk.yaml', '--candidate', 'asks', '--json'],
  ]) {
    const { stdout, stderr } = await project.retrial(args, CANARIES)
    expect(stdout.length).toBeGreaterThan(100)
    said.push(stdout, stderr)
  }
  const files = globSync('{recordings,.retrial}/**/*', { cwd: project.folder, exclude: ['**/cache/**'] }).filter(
    (file) => /\.(jsonl|json|part)$/.test(file),
  )
  expect(files.length).toBeGreaterThanOrEqual(7)
  const places = [
    ...said.map((text, i) => [`output ${i}`, text]),
    ...files.map((file) => [file, readFileSync(project.path(file), 'utf8')]),
  ]
  for (const canary of [...Object.values(CANARIES), OF_THE_WORLD]) {
    for (const [place, text] of places) expect(text?.includes(canary), `${canary} in ${place}`).toBe(false)
  }
})
