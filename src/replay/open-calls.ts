import type { WorldClock } from '../boundary/world/world-clock.ts'
import { roundMs } from '../core/clock.ts'
import type { InteractionEnd } from '../model/interaction.ts'
import type { RecordingWriter } from '../recording/create-recording-writer.ts'
import { describeCall, type OpenCall } from './open-call.ts'
import { type ServedCall, writeAnswer } from './write-answer.ts'

/** The calls of a replay that have no end yet, and the one that ended last. */
export class OpenCalls implements Iterable<OpenCall> {
  readonly #clock: WorldClock
  readonly #calls = new Map<string, OpenCall>()
  readonly #writer: RecordingWriter
  #last: { call: OpenCall; at: number } | null = null
  #isOver = false

  constructor(clock: WorldClock, writer: RecordingWriter) {
    this.#clock = clock
    this.#writer = writer
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

  /** Writes down what came of a call, unless it was left before. */
  end(served: ServedCall, chunks: number | null, end: InteractionEnd): void {
    const call = this.#calls.get(served.id)
    if (call === undefined) return
    this.#last = { call, at: roundMs(this.#clock.offset) }
    this.#calls.delete(served.id)
    writeAnswer(this.#writer, served, chunks, end)
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

  /** Leaves the calls of which the recording knows no more: those that stood open at its end, or wait for longer than it knows. */
  endRun(): void {
    this.#isOver = true
    this.leave(({ outlives, evidence }) => outlives || evidence.grade === 'beyond')
  }

  /**
   * What is to be done when a call comes to where the recording knows no more. One that the run has left stays as it is, as
   * nobody of the run waits for it; any other is told of.
   */
  watchBeyond(id: string, tell: () => void): () => void {
    const isLate = this.#isOver
    return () => {
      if (this.#isOver && !isLate) this.leave((call) => call.id === id)
      else tell()
    }
  }

  /** Writes down what is left behind: calls that have no end, as far as they came. */
  leave(isLeft: (call: OpenCall) => boolean = () => true): void {
    for (const call of [...this].filter(isLeft)) {
      const { chunks, end } = call.served?.leave() ?? { chunks: null, end: null }
      const given = call.served?.interaction ?? call.recorded
      this.#calls.delete(call.id)
      writeAnswer(this.#writer, { ...call, given }, chunks, end)
    }
  }
}
