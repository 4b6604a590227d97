import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { crc32 } from 'node:zlib'
import { formatCrc } from '../format.ts'
import type { RecordingIo } from './recording-io.ts'
import { createSyncer } from './syncer.ts'

/** A file that lines are appended to, each with its sequence number and the checksum that chains it to the one before. */
export interface Journal {
  /** Appends lines (without braces) in one write. False when they could not be written: then the file is as it was before. */
  append(lines: string[]): boolean
  /** Appends the line that says how many lines and which bytes stand before it. */
  seal(): boolean
  /** Resolves when all that was appended so far is on the disk, or can be no more (see `failure`). Never rejects. */
  durable(): Promise<void>
  /** Puts all on the disk now. */
  sync(): void
  close(): void
  /** Why the last lines could not be written, or all of them not be put on the disk; null when nothing is wrong. */
  failure(): string | null
}

/** @throws whatever `open` throws. */
export function createJournal(path: string, io: RecordingIo, background: boolean): Journal {
  const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = fs.constants
  const fd = io.openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL, 0o600)
  const state = { seq: 0, crc: 0, size: 0, broken: false, failure: null as string | null }
  const digest = createHash('sha256')
  const syncer = createSyncer(fd, io)

  function write(bytes: Buffer): boolean {
    try {
      for (let done = 0; done < bytes.length; ) {
        const written = io.writeSync(fd, bytes, done, bytes.length - done)
        if (written <= 0) throw new Error('the file system accepts no more bytes')
        done += written
      }
      return true
    } catch (error) {
      state.failure = messageOf(error)
      try {
        io.ftruncateSync(fd, state.size)
      } catch (second) {
        state.broken = true // a torn line may stand there: anything after it would be lost with it
        state.failure = messageOf(second)
      }
      return false
    }
  }

  function append(lines: string[]): boolean {
    if (state.broken) return false
    let { seq, crc } = state
    let text = ''
    for (const line of lines) {
      const body = `{"seq":${seq++},${line}`
      crc = crc32(body, crc)
      text += `${body},"crc":"${formatCrc(crc)}"}\n`
    }
    const bytes = Buffer.from(text, 'utf8')
    if (!write(bytes)) return false
    state.failure = null
    state.seq = seq
    state.crc = crc
    state.size += bytes.length
    digest.update(bytes)
    syncer.written()
    if (background) syncer.schedule()
    return true
  }

  return {
    append,
    seal: () => append([`"kind":"seal","count":${state.seq},"digest":"${digest.copy().digest('hex')}"`]),
    durable: syncer.durable,
    sync: syncer.now,
    close: syncer.close,
    failure: () => state.failure ?? syncer.failure(),
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
