import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { HttpInteraction, Interaction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { createRecordingWriter } from '../../src/recording/create-recording-writer.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { createRedactor } from '../../src/recording/redact/create-redactor.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'

const root = mkdtempSync(join(tmpdir(), 'retrial-base-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const run = { run_id: 'run_1', trace_id: '0'.repeat(31).concat('1'), started_at: 1_760_000_000_000 }
const runtime = { node: '24.0.0', platform: 'linux-x64' }
const headers: [string, string][] = [['content-type', 'application/json']]

const http: HttpInteraction = {
  id: 'c1',
  kind: 'http',
  door: 'fetch',
  started_ms: 1,
  request: { method: 'POST', url: 'http://model.test/v1', headers, body: { text: '{"prompt":"hello"}' } },
  answer: {
    status: 200,
    status_text: 'OK',
    headers,
    headers_ms: 10,
    chunks: [
      [11, { text: 'one ' }],
      [12, { text: 'two ' }],
      [13, { base64: 'gA==' }],
    ],
  },
  end: { kind: 'complete', offset_ms: 14 },
}
const tool: Interaction = {
  id: 'c2',
  kind: 'tool',
  name: 'search',
  started_ms: 20,
  args: { query: 'refund' },
  value: { hits: [1, 2] },
  sync: true,
  end: { kind: 'complete', offset_ms: 0 },
}
const finish = { at_ms: 30, stop_reason: 'completed', output: 'done', error: null }

interface Case {
  base: { path: string; recording: Recording }
  /** Where a replay of it writes. */
  out: string
}

let cases = 0

async function openCase(): Promise<Case> {
  const folder = join(root, `case-${++cases}`)
  mkdirSync(join(folder, 'replays'), { recursive: true })
  const path = join(folder, 'run.jsonl')
  const content = { format: 'retrial/1', run, input: null, runtime, redaction: null, notes: [], integrity: 'sealed' }
  saveRecording(path, { ...content, interactions: [http, tool], finish } as Recording)
  return { base: { path, recording: await readRecording(path) }, out: join(folder, 'replays', 'replay.jsonl') }
}

/** Writes a replay in which both calls are repeated, the first with other headers and cut short. */
function writeReplay({ base, out }: Case): void {
  const writer = createRecordingWriter(out, { run, input: null, runtime }, { base, buffered: true, sync: false })
  writer.repeatCall(http, { id: 'c1', started_ms: 5, headers: [...headers, ['user-agent', 'sdk/2']] })
  const evidence = { grade: 'exact', source: 'c1' } as const
  writer.repeatResult(http, { id: 'c1', chunks: 2, end: { kind: 'aborted', offset_ms: 12 }, evidence })
  writer.repeatCall(tool, { id: 'c2', started_ms: 25, parent: 'c1', spans: [{ name: 'plan', nth: 2 }] })
  writer.repeatResult(tool, { id: 'c2', end: tool.end })
  writer.finish(finish)
  writer.seal()
  expect(writer.failure).toBeNull()
}

function expectReplay({ interactions, integrity }: Recording): void {
  expect(integrity).toBe('sealed')
  expect(interactions).toEqual([
    {
      ...http,
      started_ms: 5,
      request: { ...http.request, headers: [...headers, ['user-agent', 'sdk/2']] },
      answer: { ...http.answer, chunks: http.answer?.chunks.slice(0, 2) },
      end: { kind: 'aborted', offset_ms: 12 },
      evidence: { grade: 'exact', source: 'c1' },
    },
    { ...tool, started_ms: 25, parent: 'c1', spans: [{ name: 'plan', nth: 2 }] },
  ])
}

test('is read as if all stood in it given a base in a file and one in memory', async () => {
  const opened = await openCase()
  writeReplay(opened)
  expectReplay(await readRecording(opened.out))
  expectReplay(await readRecording(opened.out, { base: opened.base.recording }))
  expect(readFileSync(opened.out, 'utf8')).not.toContain('refund')
})

test('finds its base beside it given both moved together', async () => {
  const opened = await openCase()
  writeReplay(opened)
  const moved = join(root, 'moved')
  renameSync(join(root, `case-${cases}`), moved)
  expectReplay(await readRecording(join(moved, 'replays', 'replay.jsonl')))
})

test('is refused by name given a base that is gone, changed, or no recording', async () => {
  const opened = await openCase()
  writeReplay(opened)
  const { path, recording } = opened.base
  const other = { ...recording, digest: '0'.repeat(64) }
  const refused = { code: 'ERR_RECORDING_BASE', location: { path: opened.out, line: 1 } }
  saveRecording(path, { ...recording, finish: null }, { overwrite: true })
  await expect(readRecording(opened.out)).rejects.toMatchObject(refused)
  await expect(readRecording(opened.out, { base: other })).rejects.toMatchObject(refused)
  writeFileSync(path, 'no recording\n')
  await expect(readRecording(opened.out)).rejects.toMatchObject(refused)
  rmSync(path)
  await expect(readRecording(opened.out)).rejects.toMatchObject(refused)
  expectReplay(await readRecording(opened.out, { base: recording }))
})

test('ends in an error given recordings that refer to each other', async () => {
  const opened = await openCase()
  const self = { path: opened.out, recording: { ...opened.base.recording, digest: '1'.repeat(64) } }
  writeReplay({ ...opened, base: self })
  await expect(readRecording(opened.out)).rejects.toMatchObject({ code: 'ERR_RECORDING_BASE' })
})

test('is written out in full given another name', async () => {
  const opened = await openCase()
  writeReplay(opened)
  const copy = join(root, 'copy.jsonl')
  saveRecording(copy, await readRecording(opened.out))
  rmSync(opened.base.path)
  expectReplay(await readRecording(copy))
})

test('repeats all by itself given a recording that was never in a file', async () => {
  const opened = await openCase()
  const { digest, ...recording } = opened.base.recording
  expect(digest).toMatch(/^[0-9a-f]{64}$/)
  writeReplay({ ...opened, base: { ...opened.base, recording } })
  rmSync(opened.base.path)
  expectReplay(await readRecording(opened.out))
})

test('is refused as damaged given a reference to a call that the base does not have, or of another kind', async () => {
  const opened = await openCase()
  const write = (wrong: Interaction): void => {
    const options = { base: opened.base, buffered: true, overwrite: true, sync: false }
    const writer = createRecordingWriter(opened.out, { run, input: null, runtime }, options)
    writer.repeatCall(http, { id: 'c1', started_ms: 5 })
    writer.repeatResult(wrong, { id: 'c1', end: null })
    writer.seal()
  }
  for (const wrong of [{ ...http, id: 'c9' }, tool]) {
    write(wrong)
    await expect(readRecording(opened.out)).rejects.toMatchObject({
      code: 'ERR_RECORDING_DAMAGED',
      location: { line: 3 },
    })
  }
})

test('holds no secret that is recognised late given references that stay', async () => {
  const opened = await openCase()
  const redactor = createRedactor({ salt: '00112233445566778899aabbccddeeff', env: {} })
  const options = { base: opened.base, buffered: true, sync: false, redactor }
  const writer = createRecordingWriter(
    opened.out,
    { run, input: { hint: 'hunter2-hunter2-hunter2' }, runtime },
    options,
  )
  writer.repeatCall(http, { id: 'c1', started_ms: 5 })
  writer.repeatResult(http, { id: 'c1', end: http.end }, 'clean')
  writer.finish({ ...finish, output: { password: 'hunter2-hunter2-hunter2' } })
  writer.seal()
  expect(writer.failure).toBeNull()
  expect(readFileSync(opened.out, 'utf8')).not.toContain('hunter2')
  const read = await readRecording(opened.out)
  expect(read.interactions[0]).toMatchObject({ request: http.request, answer: http.answer })
})

test('is in the file before it is sealed given a flush, or more lines than are kept', async () => {
  const opened = await openCase()
  const writer = createRecordingWriter(
    opened.out,
    { run, input: null, runtime },
    { ...opened, buffered: true, sync: false },
  )
  const part = `${opened.out}.part`
  expect(statSync(part).size).toBe(0)
  writer.flush()
  expect((await readRecording(part, { mode: 'prefix' })).integrity).toBe('unsealed')
  for (let i = 1; i <= 5_000; i++) writer.repeatCall(http, { id: `c${i}`, started_ms: i })
  expect(statSync(part).size).toBeGreaterThan(256 * 1024)
  writer.seal()
  expect((await readRecording(opened.out)).interactions).toHaveLength(5_000)
})
