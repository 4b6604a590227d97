import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/core/hash.ts'
import type { Recording } from '../../src/model/recording.ts'
import { createRecordingWriter } from '../../src/recording/create-recording-writer.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { anyBody, anyRecording } from './support/arbitraries.ts'
import { HEADER, modelCall } from './support/messages.ts'
import { sampleRecording, tempFolder } from './support/sample.ts'

async function saveAndRead(path: string, recording: Recording): Promise<Recording> {
  saveRecording(path, recording, { sync: false, overwrite: true })
  const { digest, ...read } = await readRecording(path)
  expect(digest).toBe(sha256(readFileSync(path)))
  return read
}

test('gives back an equal recording given any recording', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  await fc.assert(
    fc.asyncProperty(anyRecording, async (recording) => {
      expect(await saveAndRead(path, recording)).toEqual(recording)
    }),
    { numRuns: 300 },
  )
})

test('gives back the same bytes given any sequence of bodies', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  await fc.assert(
    fc.asyncProperty(fc.array(anyBody, { minLength: 1, maxLength: 8 }), async (bodies) => {
      const recording = sampleRecording()
      recording.interactions = bodies.map((body, i) => {
        const call = modelCall(`c${i}`, [])
        if (call.kind === 'http') call.request.body = body
        return call
      })
      const read = await saveAndRead(path, recording)
      expect(read.interactions.map((one) => one.kind === 'http' && one.request.body)).toEqual(bodies)
    }),
    { numRuns: 300 },
  )
})

/** Texts that repeat the start of a long history, each with a change somewhere. */
const histories = fc
  .array(fc.string({ minLength: 1, maxLength: 300 }), { minLength: 40, maxLength: 60 })
  .chain((pool) =>
    fc
      .array(
        fc.record({
          length: fc.nat({ max: pool.length }),
          change: fc.option(fc.nat({ max: pool.length - 1 })),
          suffix: fc.constantFrom('', ',"tools":[1,2]', ' ', ',', ']', ',"messages":[]', ',"n":1.0'),
          tail: fc.constantFrom('', ',', ',1', ',1.50', ', 1', ',"x"', ',[', ',{"$blob":"x"}'),
        }),
        { minLength: 2, maxLength: 8 },
      )
      .map((variants) =>
        variants.map(({ length, change, suffix, tail }) => {
          const messages = pool
            .slice(0, length)
            .map((text, i) =>
              JSON.stringify({ role: 'user', content: i === change ? '!' : `${'so it is '.repeat(20)}${text}` }),
            )
          return `{"model":"m","messages":[${messages.join(',')}${tail}]${suffix}}`
        }),
      ),
  )

test('gives back the same bytes given bodies that repeat a history in part, in other ways than JSON would', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  await fc.assert(
    fc.asyncProperty(histories, async (texts) => {
      const recording = sampleRecording()
      recording.interactions = texts.map((text, i) => {
        const call = modelCall(`c${i}`, [])
        if (call.kind === 'http') call.request.body = { text }
        return call
      })
      const read = await saveAndRead(path, recording)
      expect(read.interactions.map((one) => one.kind === 'http' && one.request.body)).toEqual(
        texts.map((text) => ({ text })),
      )
    }),
    { numRuns: 200 },
  )
})

test('ignores objects that look like references given as content', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  const marked = [{ $blob: 'x' }, { $list: 'l1' }, { $json: '{}' }, { a: { $blob: 'x'.repeat(300) } }]
  const recording = sampleRecording()
  recording.input = marked
  recording.interactions = marked.map((args, i) => ({ ...modelCall(`c${i}`, [args]) }))
  recording.notes = [{ at_ms: 1, code: 'x', message: 'y', data: marked }]
  expect(await saveAndRead(path, recording)).toEqual(recording)
})

test('does not pollute prototypes given keys that would', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  const recording = sampleRecording()
  recording.input = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
  const read = await saveAndRead(path, recording)
  expect(JSON.stringify(read.input)).toBe('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
})

test('leaves one file that only its owner can read given a sealed recording', () => {
  const folder = tempFolder()
  saveRecording(join(folder, 'deep', 'er', 'run.jsonl'), sampleRecording())
  expect(readdirSync(join(folder, 'deep', 'er'))).toEqual(['run.jsonl'])
  expect(statSync(join(folder, 'deep', 'er', 'run.jsonl')).mode & 0o777).toBe(0o600)
})

test('refuses to replace a recording given no permission to', () => {
  const path = join(tempFolder(), 'run.jsonl')
  saveRecording(path, sampleRecording())
  expect(() => createRecordingWriter(path, HEADER)).toThrow(expect.objectContaining({ code: 'ERR_RECORDING_EXISTS' }))
  saveRecording(path, { ...sampleRecording(), input: 'new' }, { overwrite: true })
  expect(readFileSync(path, 'utf8')).toContain('"input":"new"')
})

test('refuses a second writer of the same recording given one at work', () => {
  const path = join(tempFolder(), 'run.jsonl')
  const writer = createRecordingWriter(path, HEADER)
  expect(() => createRecordingWriter(path, HEADER)).toThrow(expect.objectContaining({ code: 'ERR_RECORDING_EXISTS' }))
  writer.seal()
  expect(writer.failure).toBeNull()
})

test('does not replace a recording that appeared while it was writing', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  const other = join(tempFolder(), 'run.jsonl')
  saveRecording(other, sampleRecording())
  const writer = createRecordingWriter(path, HEADER)
  const fs = await import('node:fs')
  fs.copyFileSync(other, path)
  writer.seal()
  expect(writer.failure).toContain('ERR_RECORDING_EXISTS')
  expect(readFileSync(path)).toEqual(readFileSync(other))
  expect((await readRecording(`${path}.part`)).integrity).toBe('sealed')
})

test('fails with a code given a folder that cannot be made', () => {
  const path = join(tempFolder(), 'file')
  saveRecording(path, sampleRecording())
  expect(() => createRecordingWriter(join(path, 'run.jsonl'), HEADER)).toThrow(
    expect.objectContaining({ code: 'ERR_RECORDING_UNWRITABLE' }),
  )
})

test('drops what a reader would refuse, and says so, given calls and results that do not match', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  const writer = createRecordingWriter(path, HEADER)
  const call = modelCall('c1', [])
  writer.call(call)
  writer.call(call)
  writer.result({ id: 'c9', end: { kind: 'complete', offset_ms: 1 } })
  writer.result({ id: 'c1', end: { kind: 'failed', offset_ms: 1 } })
  writer.result({ id: 'c1', end: { kind: 'complete', offset_ms: 1 } })
  writer.finish({ at_ms: 1, stop_reason: 'completed', output: null, error: null })
  writer.finish({ at_ms: 2, stop_reason: 'again', output: null, error: null })
  writer.seal()
  expect(writer.failure).toContain('4 records')
  const read = await readRecording(path)
  expect(read.interactions).toHaveLength(1)
  expect(read.interactions[0]?.end?.kind).toBe('failed')
  expect(read.finish?.stop_reason).toBe('completed')
  const dropped = read.notes.map(({ code, data }) => (code === 'dropped' ? (data as { records: number }).records : 0))
  expect(dropped.reduce((sum, records) => sum + records, 0)).toBe(4)
})

test('drops a record, not the recording, given one that is not valid', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  const writer = createRecordingWriter(path, HEADER)
  const broken = modelCall('c1', [])
  if (broken.kind === 'http') broken.request.headers = [['content-length', 12 as unknown as string]]
  writer.call(broken)
  writer.result({ id: 'c1', end: { kind: 'complete', offset_ms: 1 } })
  writer.call(undefined as unknown as typeof broken)
  writer.call(modelCall('c2', []))
  writer.seal()
  const read = await readRecording(path)
  expect(read.interactions.map(({ id }) => id)).toEqual(['c2'])
  expect(read.notes.every(({ code }) => code === 'dropped')).toBe(true)
  expect(writer.failure).not.toBeNull()
})

test('marks what JSON cannot hold given such arguments, values and outputs', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  const writer = createRecordingWriter(path, { ...HEADER, input: { when: new Date(0) } })
  writer.call({ id: 'c1', kind: 'tool', name: 't', started_ms: 1, args: [1n] })
  writer.result({ id: 'c1', value: 'fine', end: { kind: 'complete', offset_ms: 1 } })
  writer.call({ id: 'c2', kind: 'tool', name: 't', started_ms: 1, args: ['fine'] })
  writer.result({ id: 'c2', value: Number.NaN, end: { kind: 'complete', offset_ms: 1 } })
  writer.call({ id: 'c3', kind: 'tool', name: 't', started_ms: 1, args: ['fine'] })
  writer.result({ id: 'c3', value: undefined, end: { kind: 'complete', offset_ms: 1 } })
  writer.finish({ at_ms: 9, stop_reason: 'completed', output: new Map([[1, 2]]), error: null })
  writer.seal()
  expect(writer.failure).toBeNull()
  const read = await readRecording(path)
  expect(read.interactions.map((one) => one.kind !== 'http' && one.lossy)).toEqual([true, true, undefined])
  expect(read.notes.map(({ code, data }) => [code, data])).toEqual([
    ['lossy', { what: 'input' }],
    ['lossy', { what: 'output' }],
  ])
})
