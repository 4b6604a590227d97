import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, crc32, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createRecordingWriter } from '../../src/recording/create-recording-writer.ts'
import { isWholeZstd } from '../../src/recording/read/is-whole-zstd.ts'
import { type ReadRecordingOptions, readRecording } from '../../src/recording/read-recording.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { HEADER, modelCall } from './support/messages.ts'
import { sampleRecording, tempFolder } from './support/sample.ts'

/** A tool of the system, not of a package. */
const MAKE_PIPE = 'mkfifo'

function saved(): string {
  const path = join(tempFolder(), 'run.jsonl')
  saveRecording(path, sampleRecording(), { sync: false })
  return path
}

function written(content: string | Buffer): string {
  const path = join(tempFolder(), 'run.jsonl')
  writeFileSync(path, content)
  return path
}

function codeOf(path: string, options?: ReadRecordingOptions): Promise<string> {
  return readRecording(path, options).then(
    () => 'read',
    (error: { code: string; hint?: string }) => {
      expect(error.hint).toMatch(/\.$/)
      return error.code
    },
  )
}

/** A line of this content with its checksum, as the second of a recording. */
function withLine(body: string): Buffer {
  const path = join(tempFolder(), 'run.jsonl')
  createRecordingWriter(path, HEADER, { sync: false })
  const first = readFileSync(`${path}.part`)
  const crc = crc32(body, Number.parseInt(first.toString('latin1', first.length - 11, first.length - 3), 16))
  return Buffer.concat([first, Buffer.from(`${body},"crc":"${crc.toString(16).padStart(8, '0')}"}\n`)])
}

test('gives a code and a hint given no file, an empty one, or none of ours', async () => {
  expect(await codeOf(join(tempFolder(), 'none.jsonl'))).toBe('ERR_RECORDING_NOT_FOUND')
  expect(await codeOf(join(saved(), 'below'))).toBe('ERR_RECORDING_NOT_FOUND')
  expect(await codeOf(written(''))).toBe('ERR_RECORDING_EMPTY')
  expect(await codeOf(written('{"log":{"entries":[]}}\n'))).toBe('ERR_RECORDING_FORMAT')
  expect(await codeOf(written('hello'))).toBe('ERR_RECORDING_FORMAT')
  expect(await codeOf(written('\n\n'))).toBe('ERR_RECORDING_FORMAT')
})

test('gives a code of its own given a newer format, or one before the first', async () => {
  const text = readFileSync(saved(), 'utf8')
  expect(await codeOf(written(text.replace('retrial/1', 'retrial/2')))).toBe('ERR_RECORDING_VERSION')
  expect(await codeOf(written(text.replace('retrial/1', 'retrial/0')))).toBe('ERR_RECORDING_VERSION')
})

test('refuses a byte order mark, converted line ends and bytes that are no UTF-8', async () => {
  const bytes = readFileSync(saved())
  expect(await codeOf(written(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])))).toBe('ERR_RECORDING_FORMAT')
  const converted = written(bytes.toString('utf8').replaceAll('\n', '\r\n'))
  await expect(readRecording(converted)).rejects.toThrow(/CRLF/)
  const invalid = withLine('{"seq":1,"kind":"note","at_ms":1,"code":"x","message":"\u00ff"')
  const at = invalid.indexOf(Buffer.from([0xc3, 0xbf]))
  invalid[at] = 0xff
  expect(await codeOf(written(invalid), { mode: 'prefix' })).toBe('ERR_RECORDING_DAMAGED')
})

test('refuses a line nested too deep before it is parsed', async () => {
  const deep = withLine(
    `{"seq":1,"kind":"note","at_ms":1,"code":"x","message":"y","data":${'['.repeat(1e5)}${']'.repeat(1e5)}`,
  )
  expect(await codeOf(written(deep), { mode: 'prefix' })).toBe('ERR_RECORDING_TOO_LARGE')
  const brackets = withLine(`{"seq":1,"kind":"note","at_ms":1,"code":"x","message":"${'[{\\"'.repeat(1e4)}"`)
  expect(await codeOf(written(brackets), { mode: 'prefix' })).toBe('read')
})

test('refuses content that grows without end given blobs that double each other', async () => {
  const lines = ['"json":"aaaaaaaaaaaaaaaa"']
  for (let i = 0; i < 40; i++) lines.push(`"json":[{"$blob":"b${i}"},{"$blob":"b${i}"}]`)
  let bytes = withLine(`{"seq":1,"kind":"blob","id":"b0",${lines[0]}`)
  for (const [i, line] of lines.entries()) {
    if (i === 0) continue
    const body = `{"seq":${i + 1},"kind":"blob","id":"b${i}",${line}`
    const crc = crc32(body, Number.parseInt(bytes.toString('latin1', bytes.length - 11, bytes.length - 3), 16))
    bytes = Buffer.concat([bytes, Buffer.from(`${body},"crc":"${crc.toString(16).padStart(8, '0')}"}\n`)])
  }
  expect(await codeOf(written(bytes), { mode: 'prefix' })).toBe('ERR_RECORDING_TOO_LARGE')
})

test('refuses a link, a folder and a pipe, and waits for none of them', async () => {
  const folder = tempFolder()
  symlinkSync(saved(), join(folder, 'link.jsonl'))
  mkdirSync(join(folder, 'folder.jsonl'))
  execFileSync(MAKE_PIPE, [join(folder, 'pipe.jsonl')])
  for (const name of ['link', 'folder', 'pipe']) {
    expect(await codeOf(join(folder, `${name}.jsonl`)), name).toBe('ERR_RECORDING_NOT_A_FILE')
  }
})

test('reads the same recording, with the same digest, given a compressed file', async () => {
  const path = saved()
  const packed = `${path}.zst`
  writeFileSync(packed, zstdCompressSync(readFileSync(path)))
  expect(await readRecording(packed)).toEqual(await readRecording(path))
  const whole = readFileSync(packed)
  for (let length = 4; length < whole.length; length++) {
    writeFileSync(packed, whole.subarray(0, length))
    expect(await codeOf(packed, { mode: 'prefix' }), `${length} bytes`).toBe('ERR_RECORDING_DAMAGED')
  }
})

test.each([
  ['nothing', Buffer.alloc(0), {}],
  ['a text', Buffer.from('a'.repeat(300)), {}],
  ['many blocks', randomBytes(600_000), {}],
  ['blocks of one byte', Buffer.alloc(900_000, 7), {}],
  ['a checksum', randomBytes(1_000), { params: { [constants.ZSTD_c_checksumFlag]: 1 } }],
  ['no size in its head', randomBytes(70_000), { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } }],
])('knows the end of a compressed file given %s', (_title, content, options) => {
  const packed = zstdCompressSync(content, options)
  expect(isWholeZstd(packed)).toBe(true)
  expect(isWholeZstd(Buffer.concat([packed, packed]))).toBe(true)
  for (const cut of [1, 2, 3, 4, 5, packed.length >> 1]) {
    if (cut >= packed.length) continue
    expect(isWholeZstd(packed.subarray(0, packed.length - cut)), `${cut} bytes less`).toBe(false)
    expect(isWholeZstd(Buffer.concat([packed, packed.subarray(0, packed.length - cut)]))).toBe(false)
  }
})

test('reads what a killed process left, only in prefix mode', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  const writer = createRecordingWriter(path, HEADER)
  writer.call(modelCall('c1', [{ role: 'user', content: 'hi' }]))
  copyFileSync(`${path}.part`, `${path}.killed.part`)
  expect(await codeOf(`${path}.killed.part`)).toBe('ERR_RECORDING_UNSEALED')
  const read = await readRecording(`${path}.killed.part`, { mode: 'prefix' })
  expect(read.integrity).toBe('unsealed')
  expect(read.finish).toBeNull()
  expect(read.interactions).toMatchObject([{ id: 'c1', answer: null, end: null }])
  writer.seal()
})
