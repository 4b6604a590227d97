import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readRecording } from '../../src/recording/read-recording.ts'
import { DESK_FIX, DESK_SCENARIO, recordDesk } from './desk-incident.ts'
import { openProject } from './open-project.ts'

const FIX = [
  '// FIX',
  "if (found === 'nothing found') return { stop_reason: 'completed', answer: 'There is none.' }",
] as const

test('leads from record to a verdict given an agent whose model and tools are wrapped functions', async () => {
  const project = openProject()
  project.copy('wrapped-agent.js', 'agent.js')
  project.copy('wrapped-agent.js', 'fix.js', FIX)
  project.copy('wrapped-agent.js', 'shorter.js', ['step < 4', 'step < 3'])
  project.copy('wrapped-agent.js', 'other-query.js', ['search(move.query)', 'search(move.query.toUpperCase())'])
  project.write('index.txt', 'nothing of use\n')
  const args = ['--out', 'recordings/run_1.jsonl', '--agent-ref', '../agent.js#run', '--input', '{"query":"refund"}']
  expect(await project.retrial(['record', ...args, '--', 'node', 'agent.js'])).toMatchObject({ code: 0 })
  const { interactions } = await readRecording(project.path('recordings/run_1.jsonl'), { mode: 'strict' })
  expect(interactions.map((one) => one.kind !== 'http' && `${one.kind} ${one.name}`).slice(0, 3)).toEqual([
    'model planner',
    'tool search',
    'tool log',
  ])
  // Nobody can run the tools any more.
  rmSync(project.path('index.txt'))

  await project.retrial(['scenario', 'new', 'recordings/run_1.jsonl'])
  const scenario = project.read('scenarios/run_1.yaml')
  expect(scenario).toContain('stop_reason, is: max_steps')
  const [head = ''] = scenario.split('candidates:')
  project.write(
    'scenarios/run_1.yaml',
    `${head}candidates:
  - { id: unfixed, expect: not_fixed }
  - { id: fix, agent: ../fix.js#run }
  - { id: shorter, agent: ../shorter.js#run, expect: not_fixed }
  - { id: other-query, agent: ../other-query.js#run, expect: inconclusive }
`,
  )
  const { code, verdicts, candidate } = await project.verify()
  expect(verdicts).toEqual({ unfixed: 'not_fixed', fix: 'fixed', shorter: 'not_fixed', 'other-query': 'inconclusive' })
  expect(code).toBe(0)
  expect(candidate('fix').evidence.grades).toEqual({ exact: 3 })
  expect(candidate('other-query').divergences[0]).toMatchObject({ request: 'tool search' })
})

/** The look-up of the desk as a wrapped tool, which makes its request inside of itself. */
const LOOK_UP = `import { tool } from 'retrial'
const lookUp = tool('lookup_order', async (id: string) => {
  const response = await fetch(process.env.ORDERS_URL + '/orders/' + id)
  return { ok: response.ok, status: response.status, text: await response.text() }
})`

test('answers the wrapped tool and the requests beside it given an agent that has both', async () => {
  const project = openProject()
  project.copy('desk-agent.ts', 'agent.ts', ['fetchOrder(id)', 'lookUp(id)'])
  const text = project.read('agent.ts').replace('.text()', '.text').replace('/** Answers one question. */', LOOK_UP)
  project.write('agent.ts', text)
  await recordDesk(project)
  const recorded = await readRecording(project.path('recordings/run_1.jsonl'), { mode: 'strict' })
  expect(recorded.interactions.filter(({ parent }) => parent !== undefined)).toHaveLength(4)
  project.write('fix.ts', text.replace(...DESK_FIX))
  // Drops the wrapper, and so asks itself what was asked within it: the overload is no more hidden in the tool.
  project.write('unwrapped.ts', text.replace("tool('lookup_order', ", '(').replace(...DESK_FIX))
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO.replace(', error_class: overloaded', '')}candidates:
  - { id: unfixed, expect: not_fixed }
  - { id: fix, agent: ../fix.ts#run }
  - { id: unwrapped, agent: ../unwrapped.ts#run, expect: regressed }
`,
  )
  const { code, verdicts, candidate, reports } = await project.verify()
  expect(reports[0]?.baseline.evidence).toMatchObject({ coverage: 1, grades: { exact: 8 }, unused: [] })
  expect(verdicts).toEqual({ unfixed: 'not_fixed', fix: 'fixed', unwrapped: 'regressed' })
  expect(code).toBe(0)
  expect(candidate('fix').evidence.grades).toEqual({ exact: 2 })
  expect(candidate('unwrapped').evidence.grades).toEqual({ exact: 2 })
  expect(candidate('unwrapped').reasons[0]?.code).toBe('new_error_class')
})
