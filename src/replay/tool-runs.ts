import { describeError } from '../boundary/network-error.ts'
import type { FunctionAsk, FunctionObserver } from '../boundary/tape.ts'
import type { WorldClock } from '../boundary/world/world-clock.ts'
import { roundMs } from '../core/clock.ts'
import type { RecordingWriter } from '../recording/create-recording-writer.ts'
import { encodeReturned, encodeThrown, encodeValue } from '../recording/encode-value.ts'
import type { CallStart } from './call-starts.ts'

/** The calls of wrapped tools whose code runs in a replay. They are written down as a recorder does, and have no evidence. */
export class ToolRuns {
  readonly #clock: WorldClock
  readonly #writer: RecordingWriter
  readonly #open = new Set<string>()

  constructor(clock: WorldClock, writer: RecordingWriter) {
    this.#clock = clock
    this.#writer = writer
  }

  begin({ kind, name, args }: FunctionAsk, { end: _, ...when }: CallStart): FunctionObserver {
    const { id, started_ms } = when
    const encoded = encodeValue(args.length === 1 ? args[0] : args)
    const flags = encoded.lossy ? { lossy: true } : {}
    this.#writer.call({ ...when, kind, name, args: encoded.value, ...flags })
    this.#open.add(id)
    const offset = (): number => {
      this.#open.delete(id)
      return Math.max(0, roundMs(this.#clock.offset - started_ms))
    }
    return {
      id,
      returned: (value, how) => {
        const end = { kind: 'complete' as const, offset_ms: offset() }
        this.#writer.result({ id, ...encodeReturned(value, how), ran: true, end })
      },
      threw: (error, how) => {
        const end = { kind: 'failed' as const, offset_ms: offset(), error: describeError(error) }
        this.#writer.result({ id, ...encodeThrown(how), ran: true, end })
      },
    }
  }

  /** Writes down what the run leaves behind. */
  leave(): void {
    for (const id of this.#open) this.#writer.result({ id, ran: true, end: null })
    this.#open.clear()
  }
}
