import type { Chance } from '../model/recording.ts'
import type { RecordingWriter } from './create-recording-writer.ts'

/** How many draws of a kind a recording keeps; an agent that draws more is no longer followed. */
const MAX_DRAWS = 10_000

/** Collects what a run draws at random until it is written down: before the next call, since a killed process writes no more. */
export class DrawLog {
  readonly #scope: Chance['scope']
  readonly #kept = { random: 0, uuids: 0 }
  #random: number[] = []
  #uuids: string[] = []

  constructor(scope: Chance['scope']) {
    this.#scope = scope
  }

  random(value: number): void {
    if (this.#kept.random++ < MAX_DRAWS) this.#random.push(value)
  }

  uuid(value: string): void {
    if (this.#kept.uuids++ < MAX_DRAWS) this.#uuids.push(value)
  }

  /** Writes down what was drawn since the last time. */
  flush(writer: RecordingWriter): void {
    if (this.#random.length === 0 && this.#uuids.length === 0) return
    writer.chance({ scope: this.#scope, random: this.#random, uuids: this.#uuids })
    this.#random = []
    this.#uuids = []
  }
}
