import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { importHar } from '../../src/interchange/import-har.ts'
import { checkLock } from '../../src/recording/lock-file.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { buildEntry, buildHar } from './build-har.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'retrial-import-'))
afterAll(() => rmSync(folder, { recursive: true }))

const packed = gzipSync('{"a":"Grüße"}')
const coded = {
  headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  content: {
    encoding: 'base64',
    text: JSON.stringify([packed.subarray(0, 4), packed.subarray(4)].map((part) => part.toString('base64'))),
  },
}
const binary = { content: { encoding: 'base64', text: '/wAB' }, entry: { startedDateTime: '2026-03-01T10:00:00.250Z' } }
const failed = {
  response: { status: 0, _error: 'net::ERR_CONNECTION_RESET' },
  entry: { startedDateTime: '2026-03-01T10:00:01.000Z' },
}
const GOOD = buildHar(buildEntry(coded), buildEntry(binary), buildEntry(failed))

function put(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return name
}

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'import', ...args], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { status, stdout, stderr, code: /\[(ERR_\w+)\]/.exec(stderr)?.[1] }
}

test('writes a sealed recording with the interactions of the HAR, under the id made from its content', async () => {
  const file = put('good.har', GOOD)
  const { status, stdout, stderr } = run('har', file)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const imported = importHar(GOOD, { path: file })
  const path = join('recordings', `${imported.run.run_id}.jsonl`)
  expect(stdout).toContain(path)
  expect(stdout).toContain('can be replayed')
  const recording = await readRecording(join(folder, path), { mode: 'strict' })
  expect(recording.integrity).toBe('sealed')
  expect(checkLock(join(folder, path), recording.digest ?? '')).toEqual({ status: 'pinned' })
  expect(recording.interactions.map(({ id, started_ms, end }) => [id, started_ms, end])).toEqual(
    imported.interactions.map(({ id, started_ms, end }) => [id, started_ms, end]),
  )
  const [first, second, third] = recording.interactions
  expect(first).toMatchObject({ answer: { chunks: [[200, { text: '{"a":"Grüße"}' }]] } })
  expect(second).toMatchObject({ answer: { chunks: [[200, { base64: '/wAB' }]] } })
  expect(third).toMatchObject({ answer: null, end: { kind: 'failed', error: { code: 'ECONNRESET' } } })
  expect(recording).toMatchObject({
    run: imported.run,
    input: null,
    notes: [],
    finish: { at_ms: 1200, stop_reason: 'unknown', output: null, error: null },
  })
})

test('keeps the context given on the command line, and says no more that the input is unknown', async () => {
  const out = 'context/one.jsonl'
  const context = ['--run-id', 'run_9', '--release', '1.4.2', '--workflow', 'support', '--agent', 'agents/a.ts#run']
  const { status, stdout } = run('har', put('b.har', GOOD), '--out', out, ...context, '--input', '{"q":[1]}', '--json')
  expect(status).toBe(0)
  expect(await readRecording(join(folder, out), { mode: 'strict' })).toMatchObject({
    run: { run_id: 'run_9', release: '1.4.2', workflow: 'support' },
    agent_ref: '../agents/a.ts#run',
    input: { q: [1] },
  })
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({ recording: out, run: { run_id: 'run_9' }, interactions: 3, replayable: true })
  expect(report.unknown).not.toContain('what the agent was called with')
  const without = JSON.parse(run('har', 'b.har', '--out', 'context/two.jsonl', '--json').stdout)
  expect(without.unknown).toContain('what the agent was called with')
})

test('replaces secrets before they reach the disk', () => {
  const secret = `sk-proj-${'a1B2c3D4'.repeat(6)}`
  const headers = [{ name: 'Authorization', value: `Bearer ${secret}` }]
  const entry = buildEntry({ request: { headers, url: `https://api.example.com/v1?api_key=${secret}` } })
  expect(run('har', put('secret.har', buildHar(entry)), '--out', 'secret.jsonl').status).toBe(0)
  const text = readFileSync(join(folder, 'secret.jsonl'), 'utf8')
  expect(text).not.toContain(secret)
  expect(text).toContain('api.example.com')
})

test('refuses to replace a recording, unless forced', async () => {
  const args = ['har', put('c.har', GOOD), '--out', 'twice.jsonl']
  expect(run(...args).status).toBe(0)
  const before = readFileSync(join(folder, 'twice.jsonl'), 'utf8')
  expect(run(...args, '--release', '2')).toMatchObject({ status: 2, code: 'ERR_RECORDING_EXISTS' })
  expect(readFileSync(join(folder, 'twice.jsonl'), 'utf8')).toBe(before)
  expect(run(...args, '--release', '2', '--force').status).toBe(0)
  expect((await readRecording(join(folder, 'twice.jsonl'), { mode: 'strict' })).run.release).toBe('2')
})

test('says that a run with gaps can only be debugged, and skips bad entries only when told to', async () => {
  const file = put(
    'gaps.har',
    buildHar(buildEntry({ content: { size: 9 } }), buildEntry({ content: { encoding: 'no', text: 'x' } })),
  )
  expect(run('har', file, '--out', 'gaps.jsonl')).toMatchObject({ status: 2, code: 'ERR_INTERCHANGE_BODY' })
  expect(existsSync(join(folder, 'gaps.jsonl'))).toBe(false)
  const { status, stdout } = run('har', file, '--out', 'gaps.jsonl', '--skip-bad')
  expect(status).toBe(0)
  expect(stdout).toContain('can only be debugged')
  const { interactions, notes } = await readRecording(join(folder, 'gaps.jsonl'), { mode: 'strict' })
  expect(interactions).toMatchObject([{ id: 'c1', answer: { status: 200, chunks: [] }, end: null }])
  expect(notes.map(({ code }) => code)).toEqual(['answer_body_missing', 'skipped_entry'])
})

test('refuses what it cannot use, with a code and status 2, and writes nothing', () => {
  const huge = put('huge.har', '')
  truncateSync(join(folder, huge), 600_000_000)
  const cases: [string[], string][] = [
    [['har', 'missing.har'], 'ERR_CLI_IMPORT_FILE'],
    [['har', '.'], 'ERR_CLI_IMPORT_FILE'],
    [['har', huge], 'ERR_INTERCHANGE_TOO_LARGE'],
    [['har', put('cut.har', GOOD.slice(0, -9))], 'ERR_INTERCHANGE_JSON'],
    [['har', put('json.har', '{}')], 'ERR_INTERCHANGE_NOT_HAR'],
    [['har', put('own.jsonl', '{"seq":0,"kind":"header","format":"retrial/1"}\n')], 'ERR_CLI_IMPORT_RECORDING'],
    [['har', put('d.har', GOOD), '--input', '{q:1}'], 'ERR_CLI_IMPORT_INPUT'],
    [['har', 'd.har', '--agent', 'agent.ts'], 'ERR_CLI_IMPORT_AGENT'],
    [['har', 'd.har', '--run-id', '../../evil'], 'ERR_CLI_IMPORT_RUN_ID'],
    [['har', 'd.har', '--run-id', '', '--out', 'none.jsonl'], 'ERR_CLI_IMPORT_RUN_ID'],
  ]
  for (const [args, code] of cases) expect(run(...args)).toMatchObject({ status: 2, stdout: '', code })
  expect(existsSync(join(folder, 'none.jsonl'))).toBe(false)
  expect(run('vhs', 'd.har').status).toBe(2)
})
