import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { checkLock, LOCK_FILE, pinRecording, readLock, writeLock } from '../../src/recording/lock-file.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { sampleRecording, tempFolder } from './support/sample.ts'

const digest = (char: string) => char.repeat(64)

test('writes its entries sorted by name and reads them back', () => {
  const folder = tempFolder()
  expect(readLock(folder)).toEqual({})
  writeLock(folder, { 'b.jsonl': `sha256:${digest('b')}`, 'a.jsonl': `sha256:${digest('a')}` })
  expect(readFileSync(join(folder, LOCK_FILE), 'utf8')).toBe(
    `{\n  "a.jsonl": "sha256:${digest('a')}",\n  "b.jsonl": "sha256:${digest('b')}"\n}\n`,
  )
  expect(readLock(folder)).toEqual({ 'a.jsonl': `sha256:${digest('a')}`, 'b.jsonl': `sha256:${digest('b')}` })
  expect(readdirSync(folder)).toEqual([LOCK_FILE])
})

test('tells a pinned recording from a changed and an unpinned one', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  saveRecording(path, sampleRecording())
  const before = (await readRecording(path)).digest as string
  expect(checkLock(path, before)).toEqual({ status: 'unpinned' })
  pinRecording(path)
  expect(checkLock(path, before)).toEqual({ status: 'pinned' })
  expect(checkLock(join(path, '..', 'toString'), before)).toEqual({ status: 'unpinned' })
  saveRecording(path, { ...sampleRecording(), input: 'edited' }, { overwrite: true })
  const after = (await readRecording(path)).digest as string
  expect(checkLock(path, after)).toEqual({ status: 'changed', pinned: `sha256:${before}` })
})

test('keeps the pin given the recording is compressed', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  saveRecording(path, sampleRecording())
  pinRecording(path)
  writeFileSync(`${path}.zst`, zstdCompressSync(readFileSync(path)))
  const { digest: packed } = await readRecording(`${path}.zst`)
  expect(checkLock(`${path}.zst`, packed as string)).toEqual({ status: 'pinned' })
})

test('keeps the other entries given a recording is pinned', () => {
  const folder = tempFolder()
  writeLock(folder, { 'other.jsonl': `sha256:${digest('a')}` })
  saveRecording(join(folder, 'run.jsonl'), sampleRecording())
  pinRecording(join(folder, 'run.jsonl'))
  expect(Object.keys(readLock(folder))).toEqual(['other.jsonl', 'run.jsonl'])
})

test.for(['{', '[]', '{"a":1}', '{"a":"sha256:12"}', '<<<<<<< HEAD'])('refuses the lock file given %s', (text) => {
  const folder = tempFolder()
  writeFileSync(join(folder, LOCK_FILE), text)
  const refusal = expect.objectContaining({ code: 'ERR_RECORDING_LOCK' })
  expect(() => readLock(folder)).toThrow(refusal)
  expect(() => checkLock(join(folder, 'run.jsonl'), digest('a'))).toThrow(refusal)
})

test('fails with a code given a lock file that cannot be read or written', () => {
  const folder = tempFolder()
  mkdirSync(join(folder, LOCK_FILE))
  expect(() => readLock(folder)).toThrow(expect.objectContaining({ code: 'ERR_RECORDING_LOCK' }))
  expect(() => writeLock(join(folder, 'none'), {})).toThrow(expect.objectContaining({ code: 'ERR_RECORDING_LOCK' }))
})
