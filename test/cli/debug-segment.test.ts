import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

function debug(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/cli/main.ts', 'debug', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

/** A run that calls a tool again and again, and a model in between. */
const RUN = 'recordings/run_9fd2.jsonl'

test('gives the signals of one tool or one model given --tool or --model', () => {
  const whole = JSON.parse(debug(RUN, '--json').stdout)
  const tool = JSON.parse(debug(RUN, '--tool', 'search_docs', '--json').stdout)
  const model = JSON.parse(debug(RUN, '--model', 'gpt-4.1-mini', '--json').stdout)

  expect(whole.segment).toEqual({})
  expect(whole.signals.llm_calls).toBeGreaterThan(0)
  expect(new Set(whole.signals.tool_sequence).size).toBeGreaterThan(1)
  expect(tool.segment).toEqual({ tool: 'search_docs' })
  expect(new Set(tool.signals.tool_sequence)).toEqual(new Set(['search_docs']))
  expect(tool.signals).toMatchObject({ llm_calls: 0, stop_reason: whole.signals.stop_reason })
  expect(model.signals).toMatchObject({ llm_calls: whole.signals.llm_calls, tool_calls: 0 })
})

test('shows the part of the run and says that it is one given --tool, --release and --workflow', () => {
  const { run_id, release, workflow } = JSON.parse(debug(RUN, '--json').stdout)
  const { status, stdout } = debug(RUN, '--release', release, '--workflow', workflow, '--tool', 'search_docs')

  expect(status).toBe(0)
  expect(stdout).toContain(`only       release ${release}, workflow ${workflow}, tool search_docs`)
  expect(stdout).not.toContain('llm_generate gpt')
  expect(stdout.trimEnd().split('\n').at(-1)).toContain(`| ${run_id} | tool_call search_docs`)
})

test.each([
  ['--release', '9.9'],
  ['--workflow', 'nobody'],
  ['--model', 'gpt-2'],
  ['--tool', 'no_tool'],
])('exits with 2 and lists what the run belongs to given %s of another', (flag, value) => {
  const { status, stdout, stderr } = debug(RUN, flag, value)

  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toContain('ERR_CLI_DEBUG_SEGMENT')
  expect(stderr).toMatch(/models gpt-4\.1-mini,.*; tools .*search_docs/)
})

test('exits with 2 given a segment of plain spans and log events', () => {
  const { status, stderr } = debug('--run', 'a', '--traces', 'x', '--logs', 'y', '--tool', 'search_docs')

  expect(status).toBe(2)
  expect(stderr).toContain('ERR_CLI_DEBUG_ARGUMENTS')
})
