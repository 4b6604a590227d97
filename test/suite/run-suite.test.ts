import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runSuite } from '../../src/suite/run-suite.ts'
import { fillCache } from '../support/compiled.ts'

const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'retrial-suite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
fillCache(join(folder, 'out'))

const STORM = join(ROOT, 'scenarios/search-docs-retry-storm.yaml')
const LOOP = join(ROOT, 'scenarios/empty-search-loop.yaml')

function scenarioFile(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const options = (only?: string[]) => ({ workers: 2, outDir: join(folder, 'out'), only })

test('gives an empty result that is no success given no files', async () => {
  expect(await runSuite([], options())).toMatchObject({ reports: [], faults: [], exit_code: 3 })
})

test('tries the others given a scenario that is not in order', async () => {
  const bad = scenarioFile('bad.yaml', 'id: bad\n')
  const result = await runSuite([bad, STORM], options(['fall-back']))
  expect(result.reports.map(({ id, candidates }) => [id, candidates.map((one) => one.verdict)])).toEqual([
    ['search-docs-retry-storm', ['fixed']],
  ])
  expect(result.faults).toMatchObject([{ file: bad, error: { code: 'ERR_SCENARIO_INVALID' } }])
  expect(result.exit_code).toBe(2)
})

test('puts a gate that fails before a scenario that is not in order', async () => {
  const bad = scenarioFile('bad.yaml', 'id: bad\n')
  const { exit_code } = await runSuite([bad, scenarioFile('red.yaml', redStorm())], options())
  expect(exit_code).toBe(1)
})

test('selects by scenario, by candidate and by both, and reports what it did not find', async () => {
  const select = async (...only: string[]) => {
    const { reports, faults, exit_code } = await runSuite([STORM, LOOP], options(only))
    const tried = reports.flatMap(({ id, candidates }) => candidates.map((one) => `${id}/${one.id}`))
    return { tried, unknown: faults.map(({ error }) => error.message), exit_code }
  }
  expect(await select('search-docs-retry-storm/swallow', 'fewer-steps')).toEqual({
    tried: ['search-docs-retry-storm/swallow', 'empty-search-loop/fewer-steps'],
    unknown: [],
    exit_code: 0,
  })
  expect((await select('empty-search-loop')).tried).toHaveLength(4)
  expect(await select('empty-search-loop/swallow', 'jitter')).toEqual({
    tried: [],
    unknown: [expect.stringContaining('empty-search-loop/swallow'), expect.stringContaining('jitter')],
    exit_code: 3,
  })
})

test('takes an agent that is not there for a scenario that is not in order, and one that cannot be loaded for an error', async () => {
  const missing = scenarioFile(
    'missing.yaml',
    redStorm().replace('fixes/search-docs-retry-storm/fall-back.ts', 'nowhere.ts'),
  )
  expect(await runSuite([missing], options())).toMatchObject({
    reports: [],
    faults: [{ file: missing, error: { code: 'ERR_SUITE_AGENT', hint: expect.any(String), location: { line: 1 } } }],
    exit_code: 2,
  })
  const renamed = redStorm().replace('fall-back.ts#run', 'fall-back.ts#walk').replace('not_fixed', 'error')
  const { reports, exit_code } = await runSuite([scenarioFile('renamed.yaml', renamed)], options())
  expect(reports[0]?.candidates).toMatchObject([{ verdict: 'error', reasons: [{ code: 'agent_not_loaded' }] }])
  expect(exit_code).toBe(4)
})

test('gives the same verdicts given one worker or more', async () => {
  const verdicts = async (workers: number) => {
    const { reports } = await runSuite([STORM], { workers, outDir: join(folder, `out-${workers}`) })
    return reports.flatMap(({ candidates }) => candidates.map(({ id, verdict, reasons }) => ({ id, verdict, reasons })))
  }
  expect(await verdicts(1)).toEqual(await verdicts(8))
})

/** Expects the fix to be none. */
function redStorm(): string {
  const at = (path: string) => join(ROOT, path)
  return JSON.stringify({
    id: 'red',
    title: 'red',
    recording: at('recordings/run_9fd2.jsonl'),
    agent: at('examples/support-agent/agent.ts#run'),
    incident: {
      trigger: { span: 'tool_call:search_docs', error_class: 'timeout' },
      cause: { signal: 'repeated_tool_calls', tool: 'search_docs', at_least: 2 },
      symptom: { signal: 'stop_reason', is: 'tool_error' },
    },
    candidates: [
      {
        id: 'fix',
        agent: at('examples/support-agent/fixes/search-docs-retry-storm/fall-back.ts#run'),
        expect: 'not_fixed',
      },
    ],
  })
}
