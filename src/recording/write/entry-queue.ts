import { parseJson } from '../../core/json.ts'
import type { Entry } from '../entries.ts'
import { isTooLong } from '../format.ts'
import { checkRecord } from '../read/check-record.ts'
import { createRecordEncoder } from './encode-record.ts'
import { type Journal, messageOf } from './journal.ts'

const MAX_WAITING_BYTES = 8 * 1024 * 1024

/**
 * Hands entries to a journal in order; keeps what it refuses and tries again with the next entry.
 * An entry is encoded only when its turn comes, and what was encoded is never given up: content that later entries refer to cannot be
 * missing. So when there is no more room it is the newest entry that is dropped, and the result of a dropped call with it.
 */
export class EntryQueue {
  readonly #journal: Journal
  readonly #encoder = createRecordEncoder()
  readonly #waiting: Entry[] = []
  readonly #open = new Set<string>()
  readonly #calls = new Set<string>()
  readonly #lost = new Set<string>()
  readonly #dropped = { count: 0, told: 0, reason: '', at_ms: 0 }
  #waitingBytes = 0
  #encoded: string[] | null = null
  #finished = false

  constructor(journal: Journal) {
    this.#journal = journal
  }

  push(entry: Entry): void {
    const misplaced = this.#place(entry)
    if (misplaced !== null) {
      this.#drop(entry, misplaced)
      return
    }
    this.#waiting.push(entry)
    if (this.flush()) return
    const size = sizeOf(entry)
    if (this.#waiting.length > 1 && this.#waitingBytes + size > MAX_WAITING_BYTES) {
      this.#waiting.pop()
      this.#lose(entry, this.#journal.failure() ?? 'no room')
    } else this.#waitingBytes += size
  }

  /** True when nothing is waiting any more. */
  flush(): boolean {
    for (let entry = this.#waiting[0]; entry !== undefined; entry = this.#waiting[0]) {
      this.#encoded ??= this.#encode(entry)
      if (this.#encoded.length > 0 && !this.#journal.append(this.#encoded)) return false
      this.#encoded = null
      this.#waiting.shift()
    }
    this.#waitingBytes = 0
    return this.#tellDropped()
  }

  /** What was lost or is waiting, and why; null when nothing is. */
  failure(): string | null {
    const { count, reason } = this.#dropped
    if (count > 0) return `${count} records could not be written: ${reason}`
    if (this.#waiting.length === 0) return null
    return `${this.#waiting.length} records wait to be written: ${this.#journal.failure()}`
  }

  /** Takes note of an entry's place; says why a reader would refuse it there, or null. */
  #place(entry: Entry): string | null {
    if (entry.kind === 'call' || entry.kind === 'repeat') {
      if (this.#calls.has(entry.call.id)) return 'a call has the id of another'
      this.#calls.add(entry.call.id)
      this.#open.add(entry.call.id)
    } else if (entry.kind === 'result') {
      if (!this.#open.delete(entry.result.id)) return 'a result has no open call'
    } else if (entry.kind === 'finish') {
      if (this.#finished) return 'the run finished twice'
      this.#finished = true
    }
    return null
  }

  #drop(entry: Entry, reason: string): void {
    this.#dropped.count++
    if (this.#dropped.reason === '') this.#dropped.reason = reason
    this.#dropped.at_ms = timeOf(entry) ?? this.#dropped.at_ms
  }

  /** Drops an entry that had its place: what belongs to it must go too. */
  #lose(entry: Entry, reason: string): void {
    if (entry.kind === 'call' || entry.kind === 'repeat') this.#lost.add(entry.call.id)
    this.#drop(entry, reason)
  }

  /** The lines of an entry, less what cannot be written. */
  #encode(entry: Entry): string[] {
    if (entry.kind === 'result' && this.#lost.has(entry.result.id)) {
      this.#drop(entry, 'its call was lost')
      return []
    }
    try {
      const lines = this.#encoder.encode(entry)
      if (isPlain(entry)) return lines
      const fault = lines.map(findFault).find((reason) => reason !== null)
      if (fault === undefined) return lines
      this.#lose(entry, fault)
      return lines.filter((line) => findFault(line) === null)
    } catch (error) {
      this.#lose(entry, messageOf(error))
      return []
    }
  }

  #tellDropped(): boolean {
    const { count, told, reason, at_ms } = this.#dropped
    if (count === told) return true
    const records = count - told
    const message = `${records} records could not be written: ${reason}`
    const note = { at_ms, code: 'dropped', message, data: { records } }
    if (!this.#journal.append(this.#encoder.encode({ kind: 'note', note }))) return false
    this.#dropped.told = count
    return true
  }
}

/** True for an entry that refers to content and brings none: its line is right by construction. */
function isPlain(entry: Entry): boolean {
  return entry.kind === 'repeat' || (entry.kind === 'result' && entry.result.same !== undefined)
}

/** Why a reader would refuse a line; null when it would not. New content is right by construction and not looked at again. */
function findFault(line: string): string | null {
  if (line.startsWith('"kind":"blob"') || line.startsWith('"kind":"list"')) return null
  if (isTooLong(line)) return 'a line would be too long'
  const record = parseJson(`{"seq":0,${line},"crc":"00000000"}`)
  return record === undefined ? 'a line would not be valid JSON' : checkRecord(record)
}

function timeOf(entry: Entry): number | undefined {
  switch (entry.kind) {
    case 'header':
      return 0
    case 'call':
    case 'repeat':
      return entry.call.started_ms
    case 'result':
      return entry.result.at_ms
    case 'note':
      return entry.note.at_ms
    case 'chance':
      return undefined
    case 'finish':
      return entry.finish.at_ms
  }
}

/** Roughly what an entry that waits holds in memory; a value that cannot be measured counts as large. */
function sizeOf(entry: Entry): number {
  try {
    return JSON.stringify(entry).length
  } catch {
    return MAX_WAITING_BYTES
  }
}
