import { roundMs } from '../../core/clock.ts'
import type { Interaction } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'
import { findBlocks, isMadeAfter, type TimedCall } from './concurrent-groups.ts'
import { moveAnswer } from './move-answer.ts'

/** How long after the answer that it has to follow an answer comes, ms. */
const BEHIND_MS = 1

/**
 * The recording with the answers of concurrent calls in another order. Answers only ever come later than they did, as any
 * network can delay them; none comes sooner. A call that was made when others were answered is made later as well, and what
 * came of an answer before another call was made stays where it was, as that call may follow from it.
 *
 * @param orders Orders of groups as `listOrders` gives them, each of all calls of its group; other groups stay as they are.
 */
export function reorder(recording: Recording, orders: readonly (readonly string[])[]): Recording {
  if (orders.length === 0) return recording
  const orderOf = new Map(orders.flatMap((order) => order.map((id) => [id, order])))
  const moved = new Map<string, Interaction>()
  let delay = 0
  for (const block of findBlocks(recording)) {
    const ordered = block.find(({ interaction }) => orderOf.has(interaction.id))
    const mover = new BlockMover(block, delay)
    const order = ordered && orderOf.get(ordered.interaction.id)
    delay = mover.moveAll(order ?? [])
    for (const one of mover.moved()) moved.set(one.id, one)
  }
  const { digest: _, finish, ...rest } = recording
  return {
    ...rest,
    interactions: recording.interactions.map((one) => moved.get(one.id) ?? one),
    finish: finish && { ...finish, at_ms: roundMs(finish.at_ms + delay) },
  }
}

interface Moved {
  start: number
  end: number
}

/** Moves the calls of one block. */
class BlockMover {
  readonly #block: readonly TimedCall[]
  readonly #delay: number
  readonly #moved = new Map<TimedCall, Moved>()

  /** @param delay By how much later the block begins. */
  constructor(block: readonly TimedCall[], delay: number) {
    this.#block = block
    this.#delay = delay
  }

  /** @returns By how much later the block ends. */
  moveAll(order: readonly string[]): number {
    const byId = new Map(this.#block.map((call) => [call.interaction.id, call]))
    let before = Number.NEGATIVE_INFINITY
    for (const id of order) {
      const call = byId.get(id)
      if (call !== undefined) before = this.#move(call, before).end
    }
    for (const call of this.#block) this.#move(call, Number.NEGATIVE_INFINITY)
    const ends = this.#block.filter(({ end }) => Number.isFinite(end))
    const last = Math.max(...ends.map(({ end }) => end))
    const lastMoved = Math.max(...ends.map((call) => this.#move(call, 0).end))
    return ends.length === 0 ? this.#delay : Math.max(this.#delay, lastMoved - last)
  }

  #move(call: TimedCall, before: number): Moved {
    const known = this.#moved.get(call)
    if (known !== undefined) return known
    const start = this.#startOf(call)
    const end = start + call.end - call.start
    const moved = { start, end: end > before ? end : before + BEHIND_MS }
    this.#moved.set(call, moved)
    return moved
  }

  /** As long after the last answer that was there when it was made as it was recorded. */
  #startOf(call: TimedCall): number {
    const earlier = this.#block.filter((other) => isMadeAfter(call, other))
    const start = call.start + this.#delay
    if (earlier.length === 0) return start
    const last = Math.max(...earlier.map(({ end }) => end))
    const lastMoved = Math.max(...earlier.map((other) => this.#move(other, Number.NEGATIVE_INFINITY).end))
    return Math.max(start, lastMoved + call.start - last)
  }

  *moved(): Generator<Interaction> {
    for (const [call, { start, end }] of this.#moved) {
      const later = Number.isFinite(end) ? roundMs(end - start - (call.end - call.start)) : 0
      const started_ms = roundMs(start)
      if (later === 0 && started_ms === call.interaction.started_ms) continue
      if (later === 0) yield { ...call.interaction, started_ms }
      else yield delay({ ...call.interaction, started_ms }, later, this.#settledUntil(call))
    }
  }

  /** Until when what came of an answer may have led to other calls: offset from its call, ms. */
  #settledUntil(call: TimedCall): number {
    const within = this.#block.filter(({ start }) => start > call.start && start < call.end)
    return Math.max(0, ...within.map(({ start }) => start - call.start))
  }
}

/** A call of which all that came after a moment comes so much later. */
function delay(interaction: Interaction, later: number, settledUntil: number): Interaction {
  const move = (offset: number): number => (offset > settledUntil ? roundMs(offset + later) : offset)
  const end = interaction.end && { ...interaction.end, offset_ms: roundMs(interaction.end.offset_ms + later) }
  if (interaction.kind !== 'http' || interaction.answer === null) return { ...interaction, end }
  return { ...interaction, end, answer: moveAnswer(interaction.answer, move) }
}
