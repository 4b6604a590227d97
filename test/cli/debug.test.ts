import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { debugRun } from '../../src/signals/debug-run.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'retrial-debug-'))
afterAll(() => rmSync(folder, { recursive: true }))

const spans = [
  {
    run_id: 'run_1',
    span_id: 's2',
    step_type: 'tool_call',
    name: 'search',
    started_at_ms: 20,
    latency_ms: 1800,
    status: 'error',
  },
  { run_id: 'run_1', span_id: 's1', step_type: 'llm_generate', name: 'gpt-4o', started_at_ms: 10, latency_ms: 600 },
  { run_id: 'run_2', span_id: 's3', step_type: 'tool_call', started_at_ms: 1, latency_ms: 9000, status: 'error' },
]
const events = [
  { run_id: 'run_1', event: 'tool_call', tool: 'search', args_hash: 'a' },
  { run_id: 'run_1', event: 'tool_call', tool: 'search', args_hash: 'a' },
  { run_id: 'run_1', event: 'run_finished', stop_reason: 'max_steps \u202e' },
]
const metrics = { run_latency_p95_ms: 3100, release_error_rate_delta: 0.02 }
writeFileSync(join(folder, 'spans.json'), JSON.stringify(spans))
writeFileSync(join(folder, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''))
writeFileSync(join(folder, 'metrics.json'), JSON.stringify(metrics))
writeFileSync(join(folder, 'broken.json'), '[{"run_id": "run_1"},\n {"run_id"')

function debug(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'debug', ...args], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const files = ['--traces', 'spans.json', '--logs', 'events.jsonl']

test('prints exactly what debugRun gives given traces, logs and metrics', () => {
  const { status, stdout, stderr } = debug('--run', 'run_1', ...files, '--metrics', 'metrics.json', '--json')

  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual(debugRun('run_1', spans, events, metrics))
  expect(stdout).not.toContain('\u202e')
  expect(status).toBe(0)
})

test('prints spans as they were given, to the last digit, given numbers that JavaScript does not hold', () => {
  const first = '{"run_id":"run_1","span_id":18446744073709551615,"status":"error","weight":1.0,"started_at_ms":2}'
  const slow =
    '{"run_id":"run_1","latency_ms":1e3,"started_at_ms":1764115200123456789,"attributes":{"ratio":-0,"many":[1E400]}}'
  const compact = (stdout: string) => stdout.replace(/\s+/g, '')
  for (const [name, text] of [
    ['exact.json', `[${slow},\n${first}]`],
    ['exact.jsonl', `${slow}\n\n${first}\n`],
  ] as const) {
    writeFileSync(join(folder, name), text)
    const { stdout } = debug('--run', 'run_1', '--traces', name, '--logs', 'events.jsonl', '--json')
    expect(compact(stdout)).toContain(`"run_1","first_error_span":${first},"slowest_span":${slow},"stop_reason"`)
  }
})

test('prints a summary for people given no --json', () => {
  const { status, stdout } = debug('--run', 'run_1', ...files)

  expect(stdout).toContain('| run_1 | tool_call search | tool_call search 1.80 s | max_steps')
  expect(stdout).toContain('tool_layer_failure')
  expect(status).toBe(0)
})

test('prints the empty report and a note given a run that does not occur', () => {
  const { status, stdout, stderr } = debug('--run', 'run_9', ...files, '--json')

  expect(JSON.parse(stdout)).toMatchObject({ run_id: 'run_9', first_error_span: null, stop_reason: 'unknown' })
  expect(stderr).toContain('run_9')
  expect(status).toBe(0)
})

test('exits with 2 and says where given bad input', () => {
  const broken = debug('--run', 'run_1', '--traces', 'broken.json', '--logs', 'events.jsonl', '--json')
  expect(broken.stderr).toContain('ERR_CLI_DEBUG_JSON')
  expect(broken.stderr).toContain('broken.json:2:')
  expect(broken).toMatchObject({ status: 2, stdout: '' })

  const missing = debug('--run', 'run_1', '--traces', 'none.json', '--logs', 'events.jsonl')
  expect(missing.stderr).toContain('ERR_CLI_DEBUG_FILE')
  expect(missing.status).toBe(2)

  const wrapped = debug('--run', 'run_1', ...files, '--metrics', 'events.jsonl')
  expect(wrapped.stderr).toContain('ERR_CLI_DEBUG_JSON')
  expect(wrapped.status).toBe(2)
})

test('exits with 2 given neither a recording nor all of --run, --traces and --logs', () => {
  for (const args of [[], ['--run', 'run_1'], ['some.jsonl', '--run', 'run_1'], files]) {
    const { status, stderr } = debug(...args)
    expect(stderr).toContain('ERR_CLI_DEBUG_ARGUMENTS')
    expect(status).toBe(2)
  }
})
