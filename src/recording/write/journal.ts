import { createHash, type Hash } from 'node:crypto'
import fs from 'node:fs'
import { crc32 } from 'node:zlib'
import { sha256 } from '../../core/hash.ts'
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
  /** Writes what is buffered; false when it could not be written: then it is kept. */
  flush(): boolean
  /** Puts all on the disk now. */
  sync(): void
  close(): void
  /** Why the last lines could not be written, or all of them not be put on the disk; null when nothing is wrong. */
  failure(): string | null
}

export interface JournalOptions {
  /** Puts what was written on the disk in the background. */
  sync?: boolean
  /** Keeps lines in memory until there are many, or they are asked for. */
  buffered?: boolean
}

/** As much is buffered before it is written, characters; and so much is kept at most when it cannot be. */
const BUFFERED = 256 * 1024
const MOST_BUFFERED = 8 * 1024 * 1024

/** @throws whatever `open` throws. */
export function createJournal(path: string, io: RecordingIo, options: JournalOptions = {}): Journal {
  const { sync = false, buffered = false } = options
  const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = fs.constants
  const fd = io.openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL, 0o600)
  const state = { seq: 0, crc: 0, size: 0, broken: false, failure: null as string | null }
  const syncer = createSyncer(fd, io)
  let buffer = ''
  /** Of what stands in the file; null while nothing does. */
  let digest: Hash | null = null
  let isSealed = false

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
    if (buffer.length > MOST_BUFFERED && !flush()) return false
    const { text, seq, crc } = chain(lines, state)
    if (!buffered && !store(text)) return false
    state.seq = seq
    state.crc = crc
    if (!buffered) return true
    buffer += text
    if (buffer.length > BUFFERED) flush()
    return true
  }

  function store(text: string): boolean {
    const bytes = Buffer.from(text, 'utf8')
    if (!write(bytes)) return false
    state.failure = null
    state.size += bytes.length
    if (!isSealed) digest = (digest ?? createHash('sha256')).update(bytes)
    syncer.written()
    if (sync) syncer.schedule()
    return true
  }

  function flush(): boolean {
    if (buffer === '') return true
    if (state.broken || !store(buffer)) return false
    buffer = ''
    return true
  }

  function seal(): boolean {
    const sum = digest === null ? sha256(buffer) : digest.copy().update(buffer).digest('hex')
    isSealed ||= append([`"kind":"seal","count":${state.seq},"digest":"${sum}"`])
    return isSealed && flush()
  }

  return {
    append,
    seal,
    flush,
    durable: syncer.durable,
    sync: syncer.now,
    close: syncer.close,
    failure: () => state.failure ?? syncer.failure(),
  }
}

/** Lines as they stand in the file, each with its number and the checksum that chains it to the one before. */
function chain(lines: string[], last: { seq: number; crc: number }): { text: string; seq: number; crc: number } {
  let { seq, crc } = last
  let text = ''
  for (const line of lines) {
    const body = `{"seq":${seq++},${line}`
    crc = crc32(body, crc)
    text += `${body},"crc":"${formatCrc(crc)}"}\n`
  }
  return { text, seq, crc }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
