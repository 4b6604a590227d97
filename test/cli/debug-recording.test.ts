import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { FunctionInteraction } from '../../src/model/interaction.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'retrial-debug-'))
afterAll(() => rmSync(folder, { recursive: true }))

function debug(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'debug', ...args], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

/** A call of a tool that fails after ten seconds. */
function timeOut(id: string, started_ms: number): FunctionInteraction {
  const error = { name: 'TimeoutError', message: 'The operation timed out.', code: 'ETIMEDOUT' }
  return {
    kind: 'tool',
    id,
    name: 'search_docs',
    args: { query: 'refund' },
    started_ms,
    end: { kind: 'failed', offset_ms: 10_000, error },
  }
}

saveRecording(join(folder, 'run_9fd2.jsonl'), {
  format: 'retrial/1',
  run: {
    run_id: 'run_9fd2',
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    workflow: 'refund',
    started_at: 1_760_000_000_000,
  },
  input: 'How do I get my money back?',
  runtime: { node: 'v24.0.0', platform: 'linux' },
  redaction: null,
  interactions: [timeOut('c1', 5), timeOut('c2', 10_020)],
  notes: [],
  finish: { at_ms: 20_100, stop_reason: 'max_steps', output: null, error: null },
  integrity: 'sealed',
})

test('shows the investigation given a recording', () => {
  const { status, stdout, stderr } = debug('run_9fd2.jsonl')

  expect(stderr).toBe('')
  expect(stdout).toContain('run_9fd2 · workflow refund')
  expect(stdout).toContain('stuck_in_loop')
  expect(stdout).not.toContain('integrity')
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
    /^\| run_9fd2 \| tool_call search_docs \(timeout\) \|.*\| max_steps \|/,
  )
  expect(status).toBe(0)
})

test('prints signals and hypotheses as JSON given --json', () => {
  const { status, stdout } = debug('run_9fd2.jsonl', '--json')
  const printed = JSON.parse(stdout)

  expect(printed).toMatchObject({ run_id: 'run_9fd2', integrity: 'sealed', notes: [] })
  expect(printed.signals).toMatchObject({ stop_reason: 'max_steps', repeated_tool_calls: { search_docs: 1 } })
  expect(printed.hypotheses.map(({ code }: { code: string }) => code)).toContain('tool_layer_failure')
  expect(status).toBe(0)
})

test('debugs what can be read and says so given a torn recording', () => {
  const whole = readFileSync(join(folder, 'run_9fd2.jsonl'), 'utf8')
  writeFileSync(join(folder, 'torn.jsonl'), whole.slice(0, whole.trimEnd().lastIndexOf('\n') + 10))

  const { status, stdout } = debug('torn.jsonl')

  expect(stdout).toContain('torn: the last line is incomplete')
  expect(status).toBe(0)
})

test('exits with 2 given a recording that does not exist', () => {
  const { status, stdout, stderr } = debug('none.jsonl')

  expect(stdout).toBe('')
  expect(stderr).toMatch(/ERR_RECORDING_\w+/)
  expect(status).toBe(2)
})
