import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isRetrialError } from '../../src/core/errors.ts'
import { createRecordingWriter, type RecordingWriter } from '../../src/recording/create-recording-writer.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { machineIo, type RecordingIo } from '../../src/recording/write/recording-io.ts'
import { HEADER, modelCall } from './support/messages.ts'
import { tempFolder } from './support/sample.ts'

type Call = {
  [K in keyof RecordingIo]: RecordingIo[K] extends (...args: never[]) => unknown ? K : never
}[keyof RecordingIo]

/** The machine's file system, but for what `fail` says about the n-th call. */
function failingIo(fail: (n: number, call: Call) => Error | null): { io: RecordingIo; calls: () => number } {
  let n = 0
  const entries = Object.entries(machineIo).map(([name, real]) => [
    name,
    (...args: unknown[]) => {
      const error = fail(++n, name as Call)
      if (error === null) return (real as (...args: unknown[]) => unknown)(...args)
      if (name !== 'fdatasync') throw error
      return setImmediate(() => (args[1] as (error: Error) => void)(error))
    },
  ])
  return { io: Object.fromEntries(entries) as RecordingIo, calls: () => n }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: planted`), { code })
}

const history = Array.from({ length: 6 }, (_, i) => ({ role: 'user', content: `${i} ${'word '.repeat(80)}` }))

/** A host that records a run and notices nothing: what it computes must not depend on the recorder. */
async function runHost(writer: RecordingWriter): Promise<number> {
  let steps = 0
  for (let i = 1; i <= 6; i++) {
    const call = modelCall(`c${i}`, history.slice(0, i))
    writer.call(call)
    writer.result({ id: `c${i}`, ...(call.kind === 'http' && { answer: call.answer }), end: call.end })
    if (i === 3) await writer.durable()
    steps++
  }
  writer.note({ at_ms: 1, code: 'x', message: 'y' })
  writer.finish({ at_ms: 70, stop_reason: 'completed', output: 'done', error: null })
  await writer.durable()
  writer.seal()
  return steps
}

async function readWhatIsThere(path: string): Promise<{ ids: string[]; dropped: number; integrity: string } | null> {
  const file = existsSync(path) ? path : `${path}.part`
  if (!existsSync(file)) return null
  const { interactions, notes, integrity } = await readRecording(file, { mode: 'prefix' })
  return {
    ids: interactions.map(({ id }) => id),
    dropped: notes.filter(({ code }) => code === 'dropped').length,
    integrity,
  }
}

test.for(['ENOSPC', 'EIO', 'EROFS', 'EDQUOT'])(
  'never throws into the host and leaves a readable file given the k-th call fails with %s, for every k',
  async (code) => {
    const { io, calls } = failingIo(() => null)
    await runHost(createRecordingWriter(join(tempFolder(), 'run.jsonl'), HEADER, { io }))
    const total = calls()
    expect(total).toBeGreaterThan(20)
    for (let k = 1; k <= total; k++) {
      const path = join(tempFolder(), 'run.jsonl')
      let writer: RecordingWriter
      try {
        writer = createRecordingWriter(path, HEADER, { io: failingIo((n) => (n === k ? systemError(code) : null)).io })
      } catch (error) {
        expect(isRetrialError(error) && error.code).toBe('ERR_RECORDING_UNWRITABLE')
        continue
      }
      expect(await runHost(writer)).toBe(6)
      const found = await readWhatIsThere(path)
      expect(found?.ids).toEqual(['c1', 'c2', 'c3', 'c4', 'c5', 'c6'])
      if (writer.failure === null) expect(existsSync(path)).toBe(true)
    }
  },
)

test('loses nothing given every other write comes up short', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  let writes = 0
  const io: RecordingIo = {
    ...machineIo,
    writeSync: (fd, bytes, offset, length) =>
      machineIo.writeSync(fd, bytes, offset, ++writes % 2 === 0 ? length : Math.ceil(length / 3)),
  }
  const writer = createRecordingWriter(path, HEADER, { io })
  await runHost(writer)
  expect(writer.failure).toBeNull()
  expect((await readRecording(path)).interactions).toHaveLength(6)
})

test('keeps what came while the disk was full and writes it given room again', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  let full = false
  const io: RecordingIo = {
    ...machineIo,
    writeSync(fd, bytes, offset, length) {
      // The disk takes a little more before it is full: a torn line that must be taken back.
      if (full && length < 20) throw systemError('ENOSPC')
      return machineIo.writeSync(fd, bytes, offset, full ? Math.min(length, 10) : length) + (full ? throwFull() : 0)
    },
  }
  function throwFull(): number {
    throw systemError('ENOSPC')
  }
  const writer = createRecordingWriter(path, HEADER, { io })
  writer.call(modelCall('c1', history))
  full = true
  writer.call(modelCall('c2', history))
  writer.result({ id: 'c1', end: { kind: 'complete', offset_ms: 1 } })
  expect(writer.failure).toContain('ENOSPC')
  expect((await readWhatIsThere(path))?.ids).toEqual(['c1'])
  full = false
  writer.call(modelCall('c3', history))
  expect(writer.failure).toBeNull()
  writer.seal()
  const read = await readRecording(path)
  expect(read.interactions.map(({ id, end }) => [id, end?.kind])).toEqual([
    ['c1', 'complete'],
    ['c2', undefined],
    ['c3', undefined],
  ])
  expect(read.notes).toEqual([])
})

test('drops the newest records and counts them given the disk stays full for more than fits in memory', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  let full = false
  const { io } = failingIo((_, call) => (full && call === 'writeSync' ? systemError('ENOSPC') : null))
  const writer = createRecordingWriter(path, HEADER, { io })
  const large = (i: number) => [{ role: 'user', content: `${i}${'x'.repeat(1_000_000)}` }]
  full = true
  for (let i = 1; i <= 20; i++) {
    writer.call(modelCall(`c${i}`, large(i)))
    writer.result({ id: `c${i}`, end: { kind: 'complete', offset_ms: 1 } })
  }
  full = false
  writer.finish({ at_ms: 70, stop_reason: 'completed', output: 'done', error: null })
  writer.seal()
  expect(writer.failure).toContain('could not be written')
  const read = await readRecording(path)
  const ids = read.interactions.map(({ id }) => id)
  expect(ids.length).toBeGreaterThan(3)
  expect(ids).toEqual(Array.from(ids, (_, i) => `c${i + 1}`))
  const lost = 2 * (20 - ids.length) + read.interactions.filter(({ end }) => end === null).length
  expect(read.notes).toMatchObject([{ code: 'dropped', data: { records: lost } }])
  expect(read.finish?.stop_reason).toBe('completed')
})

test('writes nothing more given a torn line that cannot be taken back', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  let broken = false
  const { io } = failingIo((_, call) =>
    broken && (call === 'writeSync' || call === 'ftruncateSync') ? systemError('EIO') : null,
  )
  const writer = createRecordingWriter(path, HEADER, { io })
  writer.call(modelCall('c1', history))
  broken = true
  writer.call(modelCall('c2', history))
  broken = false
  writer.call(modelCall('c3', history))
  writer.seal()
  expect(writer.failure).toContain('EIO')
  expect(existsSync(path)).toBe(false)
  expect((await readWhatIsThere(path))?.ids).toEqual(['c1'])
})

test('says so, and settles, given the disk does not take what was written', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  const { io } = failingIo((_, call) => (call.startsWith('fdatasync') ? systemError('EIO') : null))
  const writer = createRecordingWriter(path, HEADER, { io })
  writer.call(modelCall('c1', history))
  await writer.durable()
  expect(writer.failure).toContain('EIO')
  writer.seal()
  expect(writer.failure).toContain('EIO')
  expect((await readRecording(path)).interactions).toHaveLength(1)
})

test('has everything on the disk given durable was awaited, with and without background syncs', async () => {
  for (const sync of [true, false]) {
    const log: string[] = []
    const io: RecordingIo = {
      ...machineIo,
      writeSync: (fd, bytes, offset, length) => {
        log.push('write')
        return machineIo.writeSync(fd, bytes, offset, length)
      },
      fdatasync: (fd, done) => {
        log.push('start')
        machineIo.fdatasync(fd, (error) => {
          log.push('synced')
          done(error)
        })
      },
    }
    const writer = createRecordingWriter(join(tempFolder(), 'run.jsonl'), HEADER, { io, sync })
    writer.call(modelCall('c1', history))
    const first = writer.durable()
    writer.call(modelCall('c2', history))
    await Promise.all([first, writer.durable()])
    expect(log.lastIndexOf('start')).toBeGreaterThan(log.lastIndexOf('write'))
    expect(log.at(-1)).toBe('synced')
    // One at a time.
    expect(log.join(' ')).not.toContain('start start')
    await writer.durable()
    writer.seal()
    expect(writer.failure).toBeNull()
  }
})

test('closes its file once no sync needs it given a seal right after a write', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  const log: string[] = []
  const io: RecordingIo = {
    ...machineIo,
    fdatasync: (fd, done) =>
      machineIo.fdatasync(fd, (error) => {
        log.push(`synced ${fd}`)
        done(error)
      }),
    closeSync: (fd) => {
      log.push(`closed ${fd}`)
      machineIo.closeSync(fd)
    },
  }
  const writer = createRecordingWriter(path, HEADER, { io })
  log.length = 0
  const durable = writer.durable()
  writer.call(modelCall('c1', history))
  writer.seal()
  await durable
  const synced = log.findIndex((line) => line.startsWith('synced'))
  expect(log[synced + 1]).toBe(log[synced]?.replace('synced', 'closed'))
  expect(log.slice(0, synced)).not.toContain(log[synced + 1])
  expect(readdirSync(join(path, '..'))).toEqual(['run.jsonl'])
  expect(readFileSync(path, 'utf8')).toContain('"kind":"seal"')
  writer.call(modelCall('c2', history))
  expect((await readRecording(path)).interactions).toHaveLength(1)
})

test.for([true, false])(
  'seals a recording once given its seal found the disk full and is written again (buffered: %s)',
  async (buffered) => {
    const path = join(tempFolder(), 'run.jsonl')
    let full = false
    const io: RecordingIo = {
      ...machineIo,
      writeSync(fd, bytes, offset, length) {
        if (full) throw systemError('ENOSPC')
        return machineIo.writeSync(fd, bytes, offset, length)
      },
    }
    const writer = createRecordingWriter(path, HEADER, { io, buffered, sync: false })
    writer.call(modelCall('c1', history))
    writer.result({ id: 'c1', end: { kind: 'complete', offset_ms: 1 } })
    full = true
    writer.seal()
    expect(writer.failure).toContain('ENOSPC')
    expect(existsSync(path)).toBe(false)
    full = false
    writer.seal()
    expect(writer.failure).toBeNull()
    const { interactions, integrity } = await readRecording(path, { mode: 'strict' })
    expect([interactions.length, integrity]).toEqual([1, 'sealed'])
  },
)
