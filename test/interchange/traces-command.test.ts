import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { checkLock } from '../../src/recording/lock-file.ts'
import { readRecording } from '../../src/recording/read-recording.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'retrial-traces-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SECRET = 'sk-proj-Xq3kd93kLmz02mXnd83kdPq8eJvB2sT5'

const message = (role: string, second: number, more: JsonObject): JsonObject => {
  return { role, content: null, timestamp: `2026-01-01T00:00:0${second}`, turn_idx: second, ...more }
}
const call = (id: string, requestor: string) => [{ id, name: 'check', arguments: { key: SECRET }, requestor }]
const said = { raw_data: { finish_reason: 'stop' }, usage: { prompt_tokens: 9, completion_tokens: 4 }, cost: 0.002 }
const simulation = (id: string, termination_reason: string): JsonObject => ({
  id,
  task_id: '1',
  termination_reason,
  start_time: '2026-01-01T00:00:00',
  end_time: '2026-01-01T00:00:09',
  reward_info: { reward: 0 },
  messages: [
    message('assistant', 0, { content: 'Hello!', usage: null, raw_data: null }),
    message('user', 1, { content: 'My phone is dead.' }),
    message('assistant', 3, { tool_calls: call('c1', 'assistant'), ...said }),
    message('tool', 4, { id: 'c1', content: 'Error: timed out', error: true, requestor: 'assistant' }),
    message('user', 5, { tool_calls: call('c2', 'user') }),
    message('tool', 6, { id: 'c2', content: 'dead', error: false, requestor: 'user' }),
    message('assistant', 8, { content: 'It is dead.', ...said }),
  ],
})
const info = {
  agent_info: { llm: 'gpt-x', implementation: 'llm_agent' },
  environment_info: { domain_name: 'phones', policy: 'Be kind.' },
}
const FILE = { info, tasks: [], simulations: [simulation('first', 'user_stop'), simulation('second', 'max_steps')] }

function retrial(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, encoding: 'utf8' })
  return { code: status, stdout, stderr }
}

test('imports every run of a file, debugs one with what was said, exports it and reads it back', async () => {
  writeFileSync(join(folder, 'results.json'), JSON.stringify(FILE))
  const all = retrial('import', 'results.json', '--out', 'runs')
  expect(all).toMatchObject({ code: 0, stderr: '' })
  expect(all.stdout).toContain('imported 2 runs from results.json to runs')
  expect(all.stdout).toContain('each can only be debugged')
  const names = readdirSync(join(folder, 'runs')).filter((name) => name.endsWith('.jsonl'))
  expect(names).toHaveLength(2)
  for (const name of names) {
    const { digest } = await readRecording(join(folder, 'runs', name), { mode: 'strict' })
    expect(checkLock(join(folder, 'runs', name), digest as string)).toEqual({ status: 'pinned' })
    expect(readFileSync(join(folder, 'runs', name), 'utf8')).not.toContain(SECRET)
  }

  const one = retrial('import', 'tau2', 'results.json', '--pick', 'second', '--out', 'one.jsonl', '--run-id', 'run_2')
  expect(one).toMatchObject({ code: 0, stdout: expect.stringContaining('1 with an error') })
  const shown = retrial('debug', 'one.jsonl', '--messages')
  expect(shown.stdout.replace(/rdx-[0-9a-f]{12}/g, 'rdx')).toMatchInlineSnapshot(`
    "run_2 · workflow phones · agent llm_agent
      model      gpt-x
      started    2026-01-01T00:00:00.000Z, took 9.00 s, ended with max_steps
      input      My phone is dead.
      output     It is dead.
      points to  tool_layer_failure
      file       one.jsonl

    Timeline
      #      offset     latency  step          name
      1      1.00 s      2.00 s  llm_generate  gpt-x  ok  ◀ slowest
          told system: Be kind.
          told assistant: Hello!
          told user: My phone is dead.
          said assistant: calls check {"key":"rdx"}
          used 9 tokens in, 4 out, 0.002 US dollars, finished with stop
      2      3.00 s      1.00 s  tool_call     check  error timeout  ◀ first error
          with {"key":"rdx"}
          gave Error: timed out
      3      5.00 s      1.00 s  tool_call     check  ok
          by   user
          with {"key":"rdx"}
          gave dead
      4      6.00 s      2.00 s  llm_generate  gpt-x  ok
          told … 4 earlier messages
          told tool: result Error: timed out
          said assistant: It is dead.
          used 9 tokens in, 4 out, 0.002 US dollars, finished with stop

    Signals
      first_error_span  #2 tool_call check timeout (a pointer, not the cause)
      slowest_span      #1 llm_generate gpt-x 2.00 s
      stop_reason       max_steps
      error_classes     timeout ×1
      context_growth    ×1.7 messages
      totals            4 steps, 2 model calls, 2 tool calls, 18 tokens in, 8 out, 9.00 s
      none of           error_cascade, repeated_tool_calls, repeated_same_result, loop_length, retries, truncated_answers, malformed_tool_arguments, unknown_tools

    Hypotheses (guesses to test by a replay)
      1. tool_layer_failure
         The first error is in a call of the tool check. That points to the tool layer; whether it is
         the cause depends on what the agent did with the error.
         evidence  first_error_span #2 tool_call check
         check     - Look at the tool's availability at the time of the run.
                   - Compare the call's latency with the tool's time-out and retry policy.

    Notes of the recording
      0 ms trace_only: read from tau2: spans without bodies, so this run can be debugged and not replayed
      0 ms reward: reward 0 of task 1, trial undefined

    | Run | first_error_span | slowest_span | stop_reason | Conclusion |
    |---|---|---|---|---|
    | run_2 | tool_call check (timeout) | llm_generate gpt-x 2.00 s | max_steps | tool_layer_failure |
    "
  `)

  expect(retrial('export', 'otlp', 'one.jsonl', '--out', 'one.otlp.json')).toMatchObject({ code: 0, stderr: '' })
  expect(retrial('export', 'otlp', 'one.jsonl', '--out', 'one.otlp.json')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('ERR_CLI_EXPORT_OUT'),
  })
  expect(retrial('import', 'one.otlp.json', '--out', 'two.jsonl')).toMatchObject({ code: 0, stderr: '' })
  const [before, after] = ['one.jsonl', 'two.jsonl'].map((file) => {
    const { spans, signals, started_at } = JSON.parse(
      retrial('debug', file, '--json', '--messages').stdout,
    ) as JsonObject
    return { spans, signals, started_at }
  })
  expect(after).toEqual(before)
})

test('refuses an id for several runs, a run that the file does not hold, and a scenario of spans', () => {
  writeFileSync(join(folder, 'results.json'), JSON.stringify(FILE))
  const named = retrial('import', 'results.json', '--run-id', 'run_1')
  expect(named).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('ERR_CLI_IMPORT_RUNS') })
  const picked = retrial('import', 'results.json', '--pick', 'third')
  expect(picked).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('1 (first), 2 (second)') })
  retrial('import', 'results.json', '--pick', '1', '--out', 'first.jsonl')
  const tried = retrial('scenario', 'new', 'first.jsonl', '--agent', './agent.ts#run')
  expect(tried).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('ERR_CLI_SCENARIO_TRACE') })
  const found = retrial('import', '--detect', 'results.json', '--json')
  expect(JSON.parse(found.stdout)).toMatchObject({
    format: 'tau2',
    runs: [{ replayable: false }, { replayable: false }],
  })
})
