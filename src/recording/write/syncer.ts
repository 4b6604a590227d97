import type { RecordingIo } from './recording-io.ts'

// Captured when this module is loaded: a replay fakes the timers that others see.
const startTimer = globalThis.setTimeout
const SYNC_DELAY_MS = 5

/** Puts what was written to a file on the disk, in the background or now, and closes the file. */
export interface Syncer {
  /** Says that there is something new to put on the disk. */
  written(): void
  /** Starts a sync within 5 ms; several writes share one, and only one runs at a time. */
  schedule(): void
  /** Resolves when all that was written so far is on the disk, or a sync has failed. Never rejects. */
  durable(): Promise<void>
  now(): void
  close(): void
  failure(): string | null
}

export function createSyncer(fd: number, io: RecordingIo): Syncer {
  let written = 0
  let synced = 0
  let running = false
  let scheduled = false
  let closing = false
  let failure: string | null = null
  let waiting: { until: number; resolve: () => void }[] = []

  function start(): void {
    if (running || closing || failure !== null) return
    running = true
    const until = written
    try {
      io.fdatasync(fd, (error) => settle(until, error))
    } catch (error) {
      settle(until, error)
    }
  }

  function settle(until: number, error: unknown): void {
    running = false
    if (error) fail(error)
    else synced = Math.max(synced, until)
    const stopped = closing || failure !== null
    const due = waiting.filter((waiter) => stopped || waiter.until <= synced)
    waiting = waiting.filter((waiter) => !due.includes(waiter))
    for (const waiter of due) waiter.resolve()
    if (closing) closeFile()
    else if (waiting.length > 0) start()
  }

  /** For good: after a failed sync the kernel may take lost pages for clean, so a second one would report a success that is none. */
  function fail(error: unknown): void {
    failure = error instanceof Error ? error.message : String(error)
  }

  function closeFile(): void {
    try {
      io.closeSync(fd)
    } catch (error) {
      fail(error)
    }
  }

  function schedule(): void {
    if (scheduled || closing || failure !== null) return
    scheduled = true
    const timer = startTimer(() => {
      scheduled = false
      if (running) schedule()
      else if (synced < written) start()
    }, SYNC_DELAY_MS)
    timer.unref()
  }

  return {
    written: () => void written++,
    schedule,
    durable() {
      if (closing || failure !== null || synced >= written) return Promise.resolve()
      const promise = new Promise<void>((resolve) => waiting.push({ until: written, resolve }))
      start()
      return promise
    },
    now() {
      if (closing || failure !== null || synced >= written) return
      try {
        io.fdatasyncSync(fd)
        synced = written
      } catch (error) {
        fail(error)
      }
    },
    close() {
      if (closing) return
      closing = true
      // The number of a closed file goes to the next one that is opened; a sync in flight must not hit that.
      if (!running) closeFile()
    },
    failure: () => failure,
  }
}
