import { strToU8, zipSync } from 'fflate'
import { expect, test } from 'vitest'
import { decodeFile } from '../../src/interchange/decode-file.ts'
import { detectFormat } from '../../src/interchange/detect-format.ts'
import { inspectFormat } from '../../src/interchange/import-inspect.ts'

const EVAL = { task: 'add', model: 'openai/gpt-4o', solver: 'generate' }

function sample(id: number): object {
  const messages = [
    { role: 'user', content: `What is ${id} + 1?` },
    { role: 'assistant', content: `It is ${id + 1}.` },
  ]
  return { id, epoch: 1, input: `What is ${id} + 1?`, messages }
}

function pack(files: Record<string, unknown>): Uint8Array {
  const parts = Object.entries(files).map(([name, value]) => [
    name,
    strToU8(typeof value === 'string' ? value : JSON.stringify(value)),
  ])
  return zipSync(Object.fromEntries(parts))
}

const SAMPLES = { 'samples/10_epoch_1.json': sample(10), 'samples/2_epoch_1.json': sample(2) }
const ENDED = pack({ ...SAMPLES, 'header.json': { version: 2, status: 'success', eval: EVAL }, 'summaries.json': [] })
const BROKEN_OFF = pack({ ...SAMPLES, '_journal/start.json': { version: 2, eval: EVAL } })

test.each([
  ['one that has ended', ENDED],
  ['one that was broken off', BROKEN_OFF],
])('reads the samples of a packed log in their order given %s', (_title, bytes) => {
  const text = decodeFile(bytes, 'log.eval')
  expect(detectFormat(text)).toBe('inspect')
  const runs = inspectFormat.importRuns?.(text, { path: 'log.eval' }) ?? []
  expect(runs.map(({ report }) => report.replayable)).toEqual([false, false])
  expect(runs.map(({ input }) => input)).toEqual(['What is 2 + 1?', 'What is 10 + 1?'])
})

test.each([
  ['another archive', pack({ 'a.txt': 'a' }), /a zip archive, and no log of Inspect/],
  ['one that is cut off', ENDED.subarray(0, ENDED.length - 30), /Failed to unpack/],
  [
    'a sample that is no JSON',
    pack({ 'header.json': { eval: EVAL }, 'samples/1.json': '{' }),
    /samples\/1\.json is no JSON/,
  ],
])('refuses an archive and says why given %s', (_title, bytes, message) => {
  expect(() => decodeFile(bytes, 'log.eval')).toThrow(
    expect.objectContaining({ code: 'ERR_INTERCHANGE_ENCODING', message: expect.stringMatching(message) }),
  )
})

test('refuses an archive before it is unpacked given parts that say to be larger than a file may be', () => {
  const bytes = pack({ 'header.json': { eval: EVAL } })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // The size in the directory at the end of the archive.
  const at = bytes.findLastIndex((_, i) => i + 4 <= bytes.length && view.getUint32(i, true) === 0x02014b50)
  view.setUint32(at + 24, 0xf0000000, true)
  expect(() => decodeFile(bytes, 'log.eval')).toThrow(expect.objectContaining({ code: 'ERR_INTERCHANGE_TOO_LARGE' }))
})

test('refuses an archive given a part that it holds twice', () => {
  const bytes = pack({ 'header.json': { eval: EVAL }, 'samples/1.json': sample(1), 'samples/2.json': sample(2) })
  const twice = Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('samples/2', 'samples/1'), 'latin1')
  expect(() => decodeFile(twice, 'log.eval')).toThrow(
    expect.objectContaining({ code: 'ERR_INTERCHANGE_ENCODING', message: expect.stringContaining('twice') }),
  )
})
