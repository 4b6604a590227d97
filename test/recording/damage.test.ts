import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isRetrialError } from '../../src/core/errors.ts'
import type { Recording } from '../../src/model/recording.ts'
import { parseRecording, type ReadMode } from '../../src/recording/read/parse-recording.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { sampleRecording, tempFolder } from './support/sample.ts'

function sampleBytes(): Buffer {
  const path = join(tempFolder(), 'run.jsonl')
  saveRecording(path, sampleRecording(), { sync: false })
  return readFileSync(path)
}

/** The recording, or the code of the error; anything else that is thrown fails the test. */
function attempt(bytes: Buffer, mode: ReadMode): Recording | string {
  try {
    return parseRecording(bytes, 'run.jsonl', mode)
  } catch (error) {
    if (isRetrialError(error)) return error.code
    throw error
  }
}

function linesOf(bytes: Buffer): string[] {
  return bytes.toString('utf8').split('\n').slice(0, -1)
}

test('reads a prefix, never sealed, given a cut at any byte', () => {
  const bytes = sampleBytes()
  const whole = parseRecording(bytes, 'run.jsonl', 'strict')
  for (let length = 0; length < bytes.length; length++) {
    const cut = bytes.subarray(0, length)
    const strict = attempt(cut, 'strict')
    expect(strict).toMatch(/^ERR_RECORDING_(EMPTY|TORN|UNSEALED)$/)
    const prefix = attempt(cut, 'prefix')
    if (typeof prefix === 'string') {
      expect(prefix).toMatch(/^ERR_RECORDING_(EMPTY|TORN)$/)
      expect(cut.includes('\n')).toBe(false)
      continue
    }
    expect(prefix.integrity).toBe(cut.at(-1) === 0x0a ? 'unsealed' : 'torn')
    expect(prefix.interactions.length).toBeLessThanOrEqual(whole.interactions.length)
    for (const [i, interaction] of prefix.interactions.entries()) {
      const { end, ...call } = interaction
      const full = whole.interactions[i]
      // A call whose result was cut off is there without it.
      if (end === null) expect(full).toMatchObject({ id: call.id, kind: call.kind })
      else expect(interaction).toEqual(full)
    }
    expect(whole.notes.slice(0, prefix.notes.length)).toEqual(prefix.notes)
  }
})

test('refuses the recording in strict mode given any one byte changed', () => {
  const bytes = sampleBytes()
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of [0x01, 0x20, 0x80]) {
      const changed = Buffer.from(bytes)
      changed[at] = (bytes[at] as number) ^ mask
      expect(attempt(changed, 'strict'), `byte ${at}`).toBeTypeOf('string')
    }
  }
})

test('refuses a damaged middle in both modes, with its line', () => {
  const lines = linesOf(sampleBytes())
  for (const mode of ['strict', 'prefix'] as const) {
    for (let i = 1; i < lines.length; i++) {
      const damaged = lines.map((line, k) => (k === i ? line.replace(/[a-z]/, 'X') : line))
      const bytes = Buffer.from(`${damaged.join('\n')}\n`)
      expect(() => parseRecording(bytes, 'run.jsonl', mode)).toThrow(
        expect.objectContaining({ code: 'ERR_RECORDING_DAMAGED', location: { path: 'run.jsonl', line: i + 1 } }),
      )
    }
  }
})

test('refuses the recording given a line deleted, doubled, swapped, inserted or moved', () => {
  const lines = linesOf(sampleBytes())
  const refuse = (changed: string[]) =>
    expect(attempt(Buffer.from(`${changed.join('\n')}\n`), 'strict')).toBeTypeOf('string')
  for (let i = 0; i < lines.length; i++) {
    refuse(lines.toSpliced(i, 1))
    refuse(lines.toSpliced(i, 0, lines[i] as string))
    refuse(lines.toSpliced(i, 0, '{"seq":1}'))
    refuse(lines.toSpliced(i, 0, ''))
    if (i > 0) refuse(lines.with(i, lines[i - 1] as string).with(i - 1, lines[i] as string))
  }
  refuse([...lines, lines.at(-1) as string])
  refuse([...lines, '{}'])
})

test('refuses lines of another recording given a splice', () => {
  const lines = linesOf(sampleBytes())
  const path = join(tempFolder(), 'run.jsonl')
  saveRecording(path, { ...sampleRecording(), input: 'other' }, { sync: false })
  const others = linesOf(readFileSync(path))
  expect(others).toHaveLength(lines.length)
  for (let i = 1; i < lines.length; i++) {
    const spliced = [...lines.slice(0, i), ...others.slice(i)]
    expect(attempt(Buffer.from(`${spliced.join('\n')}\n`), 'strict')).toBe('ERR_RECORDING_DAMAGED')
  }
})

/** Lines with the checksums, and if wanted the numbers, that a careful forger would give them. */
function reseal(lines: string[], renumber = true): Buffer {
  let crc = 0
  const sealed = lines.map((line, seq) => {
    const body = renumber ? line.slice(0, -18).replace(/^\{"seq":\d+/, `{"seq":${seq}`) : line.slice(0, -18)
    crc = crc32(body, crc)
    return `${body},"crc":"${crc.toString(16).padStart(8, '0')}"}\n`
  })
  return Buffer.from(sealed.join(''))
}

test('refuses the recording given an edit and every checksum made anew', () => {
  const lines = linesOf(sampleBytes())
  const edited = lines.map((line) => line.replace('"query":"refund"', '"query":"refine"'))
  expect(edited).not.toEqual(lines)
  expect(attempt(reseal(edited), 'strict')).toBe('ERR_RECORDING_DAMAGED')
})

test('refuses numbers that do not count up given right checksums', () => {
  const lines = linesOf(sampleBytes()).slice(0, -1)
  expect(attempt(reseal(lines), 'prefix')).toBeTypeOf('object')
  for (const line of [1, lines.length - 1]) {
    const changed = lines.with(line, (lines[line] as string).replace(/"seq":\d+/, '"seq":77'))
    expect(attempt(reseal(changed, false), 'prefix')).toBe('ERR_RECORDING_DAMAGED')
  }
})

test('refuses anything after the seal, even with a right checksum', () => {
  const bytes = sampleBytes()
  const lines = linesOf(bytes)
  const note = `{"seq":0,"kind":"note","at_ms":1,"code":"x","message":"y"${' '.repeat(18)}`
  for (const mode of ['strict', 'prefix'] as const) {
    expect(attempt(reseal([...lines, note]), mode)).toBe('ERR_RECORDING_DAMAGED')
    expect(attempt(reseal([...lines, lines.at(-1) as string]), mode)).toBe('ERR_RECORDING_DAMAGED')
    for (const tail of [' ', '{', '\0']) {
      expect(attempt(Buffer.concat([bytes, Buffer.from(tail)]), mode)).toBe('ERR_RECORDING_DAMAGED')
    }
  }
})

test('refuses the recording given a line deleted and every checksum made anew', () => {
  const lines = linesOf(sampleBytes())
  for (let i = 0; i < lines.length - 1; i++) {
    expect(attempt(reseal(lines.toSpliced(i, 1)), 'strict')).toBeTypeOf('string')
  }
  expect(attempt(reseal(lines), 'strict')).toBeTypeOf('object')
})

test.for([
  ['a blob that is not there', (line: string) => line.replace(/"\$list":"l\d"/, '"$list":"l99"')],
  ['a list that is not there', (line: string) => line.replace(/"parent":"l1"/, '"parent":"l7"')],
  [
    'more elements kept than there are',
    (line: string) => line.replace(/"parent":"l1","keep":\d/, '"parent":"l1","keep":9'),
  ],
  ['a result of no call', (line: string) => line.replace('"kind":"result","id":"c1"', '"kind":"result","id":"c8"')],
  ['two calls of one name', (line: string) => line.replace('"kind":"call","id":"c2"', '"kind":"call","id":"c1"')],
  ['two results of one call', (line: string) => line.replace('"kind":"result","id":"c3"', '"kind":"result","id":"c1"')],
  ['a member nobody knows', (line: string) => line.replace('"kind":"finish"', '"kind":"finish","extra":1')],
  ['a kind nobody knows', (line: string) => line.replace('"kind":"finish"', '"kind":"end"')],
  [
    'an HTTP answer to a tool call',
    (line: string) =>
      line.replace(
        '"value":["a","b"]',
        '"answer":{"status":200,"status_text":"","headers":[],"headers_ms":1,"chunks":[]}',
      ),
  ],
] as const)('refuses the recording given %s, checksums made anew', ([, change]) => {
  const lines = linesOf(sampleBytes())
  const changed = lines.map(change)
  expect(changed).not.toEqual(lines)
  for (const mode of ['strict', 'prefix'] as const) expect(attempt(reseal(changed), mode)).toBe('ERR_RECORDING_DAMAGED')
})

test('ends with a recording or a code given any bytes', () => {
  const start = '{"seq":0,"kind":"header","format":"retrial/1"'
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(start + text)),
    fc
      .array(fc.json(), { maxLength: 5 })
      .map((lines) => reseal(lines.map((line) => `{"seq":0,"x":${line}${' '.repeat(18)}`))),
  )
  fc.assert(
    fc.property(bytes, fc.constantFrom<ReadMode>('strict', 'prefix'), (data, mode) => {
      expect(attempt(data, mode)).toBeTypeOf('string')
    }),
    { numRuns: 1000 },
  )
})
