import type { WorldClock } from '../boundary/world/world-clock.ts'
import { roundMs } from '../core/clock.ts'
import type { RecordingWriter } from '../recording/create-recording-writer.ts'
import { describeCall, type OpenCall } from './open-call.ts'
import { writeAnswer } from './write-answer.ts'

/** The calls of a replay that have no end yet, and the one that ended last. */
export class OpenCalls implements Iterable<OpenCall> {
  readonly #clock: WorldClock
  readonly #calls = new Map<string, OpenCall>()
  #last: { call: OpenCall; at: number } | null = null

  constructor(clock: WorldClock) {
    this.#clock = clock
  }

  [Symbol.iterator](): Iterator<OpenCall> {
    return this.#calls.values()
  }

  get size(): number {
    return this.#calls.size
  }

  add(call: OpenCall): void {
    this.#calls.set(call.id, call)
  }

  close(id: string): void {
    const call = this.#calls.get(id)
    if (call !== undefined) this.#last = { call, at: roundMs(this.#clock.offset) }
    this.#calls.delete(id)
  }

  /** What the run is waiting for, for the report of a deadlock. */
  describe(): string[] {
    return [...this].map((call) => describeCall(call, `since ${call.since} ms`))
  }

  /** The call that ended last, for the same. */
  describeLast(): string | null {
    return this.#last && describeCall(this.#last.call, `which ended at ${this.#last.at} ms`)
  }

  /** Ends the oldest silence with a time-out; false when no call waits in one. */
  releaseSilence(): boolean {
    const silent = [...this].find(({ served }) => served?.isSilent)
    silent?.served?.release()
    return silent !== undefined
  }

  /** Writes down what the run leaves behind. */
  leave(writer: RecordingWriter): void {
    for (const call of this) {
      const { chunks, end } = call.served?.leave() ?? { chunks: null, end: null }
      const given = call.served?.interaction ?? call.recorded
      writeAnswer(writer, { ...call, given }, chunks, end)
    }
    this.#calls.clear()
  }
}
