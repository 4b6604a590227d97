import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { INCIDENTS } from '../../examples/support-agent/incidents.ts'
import { AGENT_DIR, type LiveOptions, type LiveRun, missingFrom, mostEqual, runLive } from './run-live.ts'

type RunId = 'run_9fd2' | 'run_a113' | 'run_d77c'

const input = (id: RunId) => INCIDENTS.find(({ run_id }) => run_id === id)?.input ?? expect.fail(`no incident ${id}`)

const baselines = new Map<RunId, Promise<LiveRun>>()
function baseline(id: RunId): Promise<LiveRun> {
  const known = baselines.get(id) ?? runLive('agent.ts', input(id))
  baselines.set(id, known)
  return known
}

/** Runs a fix, and says which of its requests the unfixed agent never made: a replay could not answer those. */
async function runFix(id: RunId, fix: string, options?: LiveOptions) {
  const [before, after] = await Promise.all([baseline(id), runLive(`fixes/${fix}.ts`, input(id), options)])
  const unrecorded = [...missingFrom(before.asked, after.asked), ...missingFrom(before.fetched, after.fetched)]
  return { ...after, unrecorded }
}

const searches = (run: LiveRun) => run.fetched.filter((line) => line.startsWith('GET /search'))

test.concurrent('repeats a search until its budget is gone given a docs service that hangs', async () => {
  const run = await baseline('run_9fd2')
  expect(run.output.stop_reason).toBe('tool_error')
  expect(run.asked).toHaveLength(4)
  expect(mostEqual(searches(run))).toBe(4)
  expect(run.fetched).toContain('GET /orders/A-20417')
})

test.concurrent('sends one request four times given an overloaded model', async () => {
  const run = await baseline('run_a113')
  expect(run.output.stop_reason).toBe('step_error')
  expect(run.asked).toHaveLength(5)
  expect(mostEqual(run.asked)).toBe(4)
  expect(run.output.answer).not.toMatch(/overloaded|503|upstream/)
})

test.concurrent('searches until its steps are used up given a search that finds nothing', async () => {
  const run = await baseline('run_d77c')
  expect(run.output.stop_reason).toBe('max_steps')
  expect(run.asked).toHaveLength(6)
  expect(mostEqual(searches(run))).toBe(6)
  expect(run.output.answer).toMatch(/colleague.*HD-5B1E77/)
})

test.concurrent.each(INCIDENTS)('completes $run_id given healthy services', async (incident) => {
  const run = await runLive('agent.ts', incident.input, { healthy: true })
  expect(run.output.stop_reason).toBe('completed')
  expect(run.output.answer).toMatch(/refund policy|2026-03-06|never expires/)
  expect(mostEqual(run.asked)).toBe(1)
})

test.concurrent('answers from the policies given fall-back', async () => {
  const run = await runFix('run_9fd2', 'search-docs-retry-storm/fall-back')
  expect(run.output).toMatchObject({
    stop_reason: 'completed',
    answer: expect.stringMatching(/A-20417.*refund policy/),
  })
  expect(searches(run)).toHaveLength(1)
  expect(run.asked).toHaveLength(2)
  expect(run.unrecorded).toEqual([])
})

test.concurrent('still repeats the search given swallow', async () => {
  const run = await runFix('run_9fd2', 'search-docs-retry-storm/swallow')
  expect(run.output).toMatchObject({ stop_reason: 'completed', answer: expect.stringMatching(/refund policy/) })
  expect(mostEqual(searches(run))).toBe(4)
  expect(run.unrecorded).toEqual([])
})

test.concurrent('changes nothing but the waiting given shorter-timeout', async () => {
  const run = await runFix('run_9fd2', 'search-docs-retry-storm/shorter-timeout')
  expect(run.output.stop_reason).toBe('tool_error')
  expect(mostEqual(searches(run))).toBe(4)
  expect(run.unrecorded).toEqual([])
})

test.concurrent('falls back after the last pause given slow-back-off', async () => {
  const run = await runFix('run_9fd2', 'search-docs-retry-storm/slow-back-off', { params: { back_off_ms: [1, 2] } })
  expect(run.output).toMatchObject({ stop_reason: 'completed', answer: expect.stringMatching(/refund policy/) })
  expect(searches(run)).toHaveLength(2)
  expect(run.unrecorded).toEqual([])
})

test.concurrent('asks only what was never recorded given terser-prompt', async () => {
  const run = await runFix('run_9fd2', 'search-docs-retry-storm/terser-prompt')
  expect(run.unrecorded).toEqual(run.asked)
})

test.concurrent('answers from the order given answer-from-facts', async () => {
  const run = await runFix('run_a113', 'model-overload-after-release/answer-from-facts')
  expect(run.output).toMatchObject({ stop_reason: 'completed', answer: expect.stringMatching(/A-30988.*2026-03-06/) })
  expect(run.output.answer).not.toMatch(/overloaded|503|upstream/)
  expect(mostEqual(run.asked)).toBe(2)
  expect(run.unrecorded).toEqual([])
})

test.concurrent.each([
  ['apologise', 'completed'],
  ['jitter', 'step_error'],
])('still sends one request four times given %s', async (fix, stopReason) => {
  const run = await runFix('run_a113', `model-overload-after-release/${fix}`)
  expect(run.output.stop_reason).toBe(stopReason)
  expect(mostEqual(run.asked)).toBe(4)
  expect(run.unrecorded).toEqual([])
})

test.concurrent('leaks the error text given explain-the-outage', async () => {
  const run = await runFix('run_a113', 'model-overload-after-release/explain-the-outage')
  expect(run.output).toMatchObject({ stop_reason: 'completed', answer: expect.stringMatching(/overloaded/) })
  expect(mostEqual(run.asked)).toBe(2)
  expect(run.unrecorded).toEqual([])
})

test.concurrent.each([
  ['hand-over-early', true],
  ['drop-hand-over', false],
])('stops at the second equal result given %s', async (fix, handsOver) => {
  const run = await runFix('run_d77c', `empty-search-loop/${fix}`)
  expect(run.output.stop_reason).toBe('completed')
  expect(run.output.answer.includes('colleague')).toBe(handsOver)
  expect(searches(run)).toHaveLength(2)
  expect(run.unrecorded).toEqual([])
})

test.concurrent.each([
  ['call-it-completed', 'completed', 6],
  ['fewer-steps', 'max_steps', 5],
] as const)('still searches in circles given %s', async (fix, stopReason, times) => {
  const run = await runFix('run_d77c', `empty-search-loop/${fix}`)
  expect(run.output.stop_reason).toBe(stopReason)
  expect(mostEqual(searches(run))).toBe(times)
  expect(run.unrecorded).toEqual([])
})

test('knows nothing of the harness given the modules of the agent and its fixes', () => {
  const files = globSync('{*,fixes/*/*}.ts', { cwd: AGENT_DIR }).filter((file) => file !== 'record.ts')
  expect(files.length).toBeGreaterThan(15)
  for (const file of files) {
    const source = readFileSync(join(AGENT_DIR, file), 'utf8')
    const imports = [...source.matchAll(/(?:from|import)\s*\(?'([^']+)'/g)].map(([, name]) => name ?? '')
    expect({
      file,
      foreign: imports.filter((name) => name !== 'openai' && !/^(\.\/|\.\.\/\.\.\/)[a-z-]+\./.test(name)),
    }).toEqual({
      file,
      foreign: [],
    })
  }
})
