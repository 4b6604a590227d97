import { isJsonObject } from '../core/json.ts'
import type { Evidence } from '../model/evidence.ts'
import { type HttpAnswer, type HttpInteraction, headerValue, type Interaction } from '../model/interaction.ts'
import type { Note, Recording } from '../model/recording.ts'
import { canonicaliseInteraction } from './canonical-call.ts'
import { shapeOf } from './renaming.ts'
import { PATIENCE_SLACK_MS } from './served-interaction.ts'

/** How much too early a timer of the machine's clock may fire, ms. */
const EARLY_MS = 2

/** An answer that says when to ask again. */
interface Refusal {
  interaction: HttpInteraction
  /** How long after its head, ms. */
  wait_ms: number
}

/**
 * Which answers were recorded before the time that an earlier answer to the same call had named, by `Retry-After`. Nobody knows
 * what a client gets that waits until then, where the recorded one did not.
 */
export class RetryAfter {
  readonly #refusals = new Map<Interaction, Refusal>()
  /** When a client may ask again that was given an answer, ms of the replay. */
  readonly #due = new Map<Refusal, number>()

  constructor({ interactions, notes, run }: Recording) {
    const madeUp = new Set(notes.flatMap(listMadeUp))
    for (const interaction of interactions) {
      if (interaction.kind !== 'http' || interaction.answer === null || madeUp.has(interaction.id)) continue
      const { started_ms, answer } = interaction
      const wait_ms = readWait(answer, run.started_at + started_ms + answer.headers_ms)
      if (wait_ms !== null) this.#refusals.set(interaction, { interaction, wait_ms })
    }
  }

  /**
   * Takes note of an answer that is given, and worsens the evidence where the client asks for it after a time before which it was
   * recorded.
   *
   * @param start When the call begins, ms of the replay.
   */
  give(recorded: HttpInteraction, evidence: Evidence, start: number, answer: HttpAnswer | null): void {
    if (this.#refusals.size === 0) return
    for (const [refusal, due] of this.#due) {
      if (start + EARLY_MS < due || !isEarly(recorded, refusal)) continue
      evidence.grade = 'beyond'
      evidence.note = `asked for after the time that the answer to ${refusal.interaction.id} named in Retry-After, and recorded before it`
    }
    const refusal = this.#refusals.get(recorded)
    if (refusal !== undefined && answer !== null) this.#due.set(refusal, start + answer.headers_ms + refusal.wait_ms)
  }
}

/** Answers that were put into a recording: what they say is nobody's word. */
function listMadeUp({ code, data }: Note): unknown[] {
  if (code !== 'fault_injected' || !isJsonObject(data)) return []
  return Array.isArray(data.made) ? data.made : [data.interaction]
}

/** Whether the recorded client asked the same again before the time that it was told. */
function isEarly(recorded: HttpInteraction, { interaction, wait_ms }: Refusal): boolean {
  const heard_ms = interaction.started_ms + (interaction.answer?.headers_ms ?? 0)
  if (recorded.started_ms < heard_ms || recorded.started_ms + PATIENCE_SLACK_MS >= heard_ms + wait_ms) return false
  return isSame(recorded, interaction)
}

function isSame(a: Interaction, b: Interaction): boolean {
  const [left, right] = [a, b].map((one) => shapeOf(canonicaliseInteraction(one).text).text)
  return left === right
}

/**
 * How long a client is to wait that is refused, ms; null where nobody says so.
 *
 * @param at When the answer came, ms since the epoch.
 */
function readWait({ status, headers }: HttpAnswer, at: number): number | null {
  if (status < 400) return null
  const exact = Number(headerValue(headers, 'retry-after-ms') ?? Number.NaN)
  if (exact > 0) return exact
  const value = headerValue(headers, 'retry-after')?.trim() ?? ''
  const wait = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - at
  return wait > 0 ? wait : null
}
