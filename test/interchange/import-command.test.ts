import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { readForeignFiles, readRuns } from '../../src/cli/read-foreign-files.ts'
import { importHar } from '../../src/interchange/import-har.ts'
import { payloadText } from '../../src/model/interaction.ts'
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
  return runVerb('import', ...args)
}

function runVerb(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
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

const exchange = (messages: string[], date: string) =>
  JSON.stringify({
    request: {
      ...{ method: 'POST', url: 'https://api.openai.com/v1/chat/completions', headers: {} },
      body: JSON.stringify({ model: 'gpt-4o', messages: messages.map((content) => ({ role: 'user', content })) }),
    },
    response: {
      ...{ status: { code: 200 }, headers: { 'Content-Type': 'application/json', Date: date } },
      body: JSON.stringify({ choices: [{ index: 0, message: { content: 'ok' }, finish_reason: 'stop' }] }),
    },
  })

test('tells the format by the look of the files, says what they hold, and makes one run of several', async () => {
  const late = put('a.json', exchange(['one', 'two'], 'Wed, 22 Jul 2026 20:13:16 GMT'))
  const early = put('b.json', exchange(['one'], 'Wed, 22 Jul 2026 20:13:15 GMT'))
  const detected = run('--detect', late, early, '--json')
  expect(detected.status).toBe(0)
  expect(JSON.parse(detected.stdout)).toMatchObject({
    ...{ files: [late, early], format: 'dd', title: 'Datadog test agent cassette', interactions: 2, replayable: true },
    got: expect.arrayContaining(['2 files, in the order of the date headers of their first answers']),
  })
  expect(existsSync(join(folder, 'recordings/dd.jsonl'))).toBe(false)
  const { status, stdout } = run(late, early, '--out', 'dd.jsonl')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^imported run_\w+ from a\.json and 1 more as dd\.jsonl\n {2}got {6}2 requests/)
  const { interactions, run: context } = await readRecording(join(folder, 'dd.jsonl'), { mode: 'strict' })
  expect(interactions.map((one) => one.kind === 'http' && payloadText(one.request.body ?? { text: '' }))).toEqual([
    expect.not.stringContaining('two'),
    expect.stringContaining('two'),
  ])
  expect(context.started_at).toBe(Date.parse('2026-07-22T20:13:15Z'))
})

test('exports a recording as a HAR that gives it back, and never over the recording', async () => {
  expect(run('har', put('e.har', GOOD), '--out', 'e.jsonl').status).toBe(0)
  const before = await readRecording(join(folder, 'e.jsonl'), { mode: 'strict' })
  const exported = runVerb('export', 'har', 'e.jsonl', '--out', 'out/e.har', '--json')
  expect(exported.status).toBe(0)
  expect(JSON.parse(exported.stdout)).toMatchObject({ file: 'out/e.har', format: 'har', kept: ['3 requests'] })
  const { interactions } = importHar(readFileSync(join(folder, 'out/e.har'), 'utf8'), { path: 'e.har' })
  expect(interactions).toEqual(before.interactions)
  expect(runVerb('export', 'nock', 'e.jsonl', '--out', 'out/e.har')).toMatchObject({
    status: 2,
    code: 'ERR_CLI_EXPORT_OUT',
  })
  expect(runVerb('export', 'nock', 'e.jsonl', '--out', './e.jsonl', '--force')).toMatchObject({
    status: 2,
    code: 'ERR_CLI_EXPORT_OUT',
  })
  const fixture = runVerb('export', 'nock', 'e.jsonl')
  expect(JSON.parse(fixture.stdout)).toHaveLength(2)
  expect(fixture.stderr).toContain('requests without a whole answer (1)')
})

test('refuses files that look like nothing known, and files of two formats', async () => {
  const paths = [put('x.txt', 'hello'), put('f.har', GOOD), put('c.json', exchange(['a'], ''))].map((name) =>
    join(folder, name),
  )
  const read = (names: string[], format?: string) => readForeignFiles(names, format)
  await expect(read([])).rejects.toMatchObject({ code: 'ERR_CLI_IMPORT_FILE' })
  await expect(read(paths.slice(0, 1))).rejects.toMatchObject({
    code: 'ERR_CLI_IMPORT_FORMAT',
    location: { path: paths[0] },
  })
  await expect(read(paths.slice(1))).rejects.toMatchObject({
    code: 'ERR_CLI_IMPORT_FORMAT',
    location: { path: paths[2] },
  })
  await expect(read(paths.slice(1), 'dd')).resolves.toMatchObject({ format: { name: 'dd' } })
  const { format, files } = await read([paths[1] as string, paths[1] as string])
  const { importFiles: _, ...single } = format
  expect(() => readRuns(single, files, {})).toThrow(expect.objectContaining({ code: 'ERR_CLI_IMPORT_SEVERAL' }))
})

test('says why a file cannot be read given a pipe, a folder, an empty file and a misspelt format', () => {
  spawnSync('bash', ['-c', 'exec mkfifo "$0"', join(folder, 'pipe')])
  expect(run('pipe')).toMatchObject({ status: 2, code: 'ERR_CLI_IMPORT_FILE' })
  expect(run('har', 'pipe')).toMatchObject({ status: 2, code: 'ERR_CLI_IMPORT_FILE' })
  expect(run('.').stderr).toContain('it is a folder')
  expect(run(put('empty.json', '')).stderr).toContain('it is empty')
  expect(run('vcr', put('blank.yaml', '\uFEFF \n')).stderr).toContain('it is empty')
  expect(run('hra', put('h.har', GOOD)).stderr).toContain('Did you mean the format har?')
  expect(run('missing.har').stderr).not.toContain('Did you mean')
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
