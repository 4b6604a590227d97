import type { Interaction } from '../model/interaction.ts'

/**
 * Most that a recorded agent may have spent on its own work between an answer and its next call, ms; what is longer was a wait.
 * A machine that has much else to do takes its time.
 */
const OWN_WORK_MS = 250

/** How much too early a live timer may fire, ms. */
const EARLY_MS = 2

interface Placed {
  recorded: Interaction
  start: number
}

/**
 * Where calls begin in virtual time. The agent's own work takes no virtual time, so answers that raced in the recorded run
 * would come in another order: calls that were in flight together therefore keep their recorded distance.
 */
export class Timeline {
  readonly #open = new Map<string, Placed>()

  /** When a call that is made `now` begins: its answer comes as long after that as it was recorded. All in virtual ms. */
  place(id: string, recorded: Interaction, now: number): number {
    const start = this.#startBeside(recorded, now) ?? now
    this.#open.set(id, { recorded, start })
    return start
  }

  end(id: string): void {
    this.#open.delete(id)
  }

  #startBeside(recorded: Interaction, now: number): number | undefined {
    for (const other of [...this.#open.values()].reverse()) {
      if (!overlap(recorded, other.recorded)) continue
      const start = other.start + recorded.started_ms - other.recorded.started_ms
      if (start >= now - EARLY_MS && start <= now + OWN_WORK_MS) return start
    }
    return undefined
  }
}

function overlap(a: Interaction, b: Interaction): boolean {
  return a.started_ms < endOf(b) && b.started_ms < endOf(a)
}

function endOf({ started_ms, end }: Interaction): number {
  return end === null ? Number.POSITIVE_INFINITY : started_ms + end.offset_ms
}
