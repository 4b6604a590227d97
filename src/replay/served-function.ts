import { buildError } from '../boundary/network-error.ts'
import type { WorldClock } from '../boundary/world/world-clock.ts'
import { copyJson, type JsonValue } from '../core/json.ts'
import { never } from '../core/nothing.ts'
import type { FunctionInteraction, InteractionEnd } from '../model/interaction.ts'
import { PATIENCE_SLACK_MS } from './served-interaction.ts'

interface ServedFunctionOptions {
  /** The recorded call, with the values that are to be given. */
  interaction: FunctionInteraction
  /** When the call begins, ms of virtual time. */
  start: number
  /** How long after the call the recording knows what came of it, ms; null when the function returned or threw. */
  knownUntil: number | null
  /** Told when the function returns or throws. */
  onEnd(end: InteractionEnd): void
  /** Told when the agent waits for longer than the recorded run lasted. */
  onBeyond(): void
}

const FAILED = { name: 'Error', message: 'tool failed' }

/** One recorded call of a wrapped function given again: what it returned or threw, when that is due on the virtual clock. */
export class ServedFunction {
  readonly #clock: WorldClock
  readonly #options: ServedFunctionOptions

  constructor(clock: WorldClock, options: ServedFunctionOptions) {
    this.#clock = clock
    this.#options = options
  }

  /** What the agent gets: at once from a function that gave it at once, else by a promise. */
  result(): unknown {
    const { interaction, knownUntil, onBeyond } = this.#options
    const { end, sync, yields } = interaction
    if (yields) return this.#yield()
    if (sync) return this.#settle()
    if (end === null) {
      this.#at((knownUntil ?? 0) + PATIENCE_SLACK_MS, onBeyond)
      return never()
    }
    return new Promise((resolve, reject) => {
      this.#at(end.offset_ms, () => {
        try {
          resolve(this.#settle())
        } catch (error) {
          reject(error as Error)
        }
      })
    })
  }

  /** Yields what the generator yielded, all when it had ended. */
  async *#yield(): AsyncGenerator {
    const { interaction, onEnd } = this.#options
    const { end, value } = interaction
    if (end !== null) await new Promise<void>((resolve) => this.#at(end.offset_ms, resolve))
    try {
      if (Array.isArray(value)) yield* copyJson(value) as JsonValue[]
    } finally {
      if (end !== null) onEnd(end)
    }
    if (end?.kind === 'failed') throw buildError(end.error ?? FAILED)
  }

  #at(offset: number, callback: () => void): void {
    this.#clock.schedule(callback, this.#options.start + offset - this.#clock.offset)
  }

  #settle(): unknown {
    const { interaction, onEnd } = this.#options
    const { end, value } = interaction
    if (end !== null) onEnd(end)
    if (end?.kind === 'failed') throw buildError(end.error ?? FAILED)
    return value === undefined ? undefined : copyJson(value)
  }
}
