import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readRecording } from '../../src/recording/read-recording.ts'
import { tempFolder } from './support/sample.ts'

const WRITER = join(import.meta.dirname, 'fixtures', 'write-until-killed.ts')

/** Starts a writer, kills it after so many acknowledged records and some more bytes, and says what it had acknowledged by then. */
async function killWriter(path: string, records: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString()
    if (output.split('\n').length > records) child.kill('SIGKILL')
  })
  await once(child, 'close')
  expect(child.signalCode).toBe('SIGKILL')
  return output.split('\n').length - 1
}

test('loses no record that was written given a process killed at any moment', { timeout: 120_000 }, async () => {
  for (const records of fc.sample(fc.integer({ min: 1, max: 400 }), 10)) {
    const path = join(tempFolder(), 'run.jsonl')
    const acknowledged = await killWriter(path, records)
    const read = await readRecording(`${path}.part`, { mode: 'prefix' })
    expect(['unsealed', 'torn']).toContain(read.integrity)
    const ids = read.interactions.map(({ id }) => id)
    expect(ids).toEqual(Array.from(ids, (_, i) => `c${i + 1}`))
    expect(ids.length).toBeGreaterThanOrEqual(acknowledged)
  }
})
