import type { Interaction } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'
import { isStanding } from '../mcp/standing-streams.ts'

/** Calls that were in flight together, and whose answers could have come in another order. */
export interface ConcurrentGroup {
  /** Ids of the calls that the world answered, in the order in which their answers were complete. */
  readonly calls: readonly string[]
  /**
   * For each of them those that have to come first: they were answered before it was made, so that it may follow from them.
   */
  readonly after: ReadonlyMap<string, readonly string[]>
}

/** A call of the agent itself on the time of the run; what a wrapped tool did inside of itself is the tool's. */
export interface TimedCall {
  interaction: Interaction
  start: number
  /** Infinite for a call without an end. */
  end: number
}

/**
 * The parts of a run in which calls overlap, one after the other: between two of them nothing was in flight. Calls in order of
 * their ends, equal ones in recorded order.
 */
export function findBlocks({ interactions }: Pick<Recording, 'interactions'>): TimedCall[][] {
  const calls = interactions.filter((one) => one.parent === undefined && !isStanding(one)).map(toTimedCall)
  const blocks: TimedCall[][] = []
  let until = Number.NEGATIVE_INFINITY
  for (const call of calls.sort((a, b) => a.start - b.start)) {
    if (call.start >= until) blocks.push([])
    blocks.at(-1)?.push(call)
    until = Math.max(until, call.end)
  }
  // Compared, not subtracted: the difference of two infinite ends is none.
  return blocks.map((block) => block.sort((a, b) => (a.end < b.end ? -1 : a.end > b.end ? 1 : 0)))
}

function toTimedCall(interaction: Interaction): TimedCall {
  const { started_ms: start, end } = interaction
  return { interaction, start, end: end === null ? Number.POSITIVE_INFINITY : start + end.offset_ms }
}

/** Whether the world decided when a call was over: not where the client gave up, nor for a function that returned at once. */
function isOrderable({ interaction }: TimedCall): boolean {
  if (interaction.kind !== 'http' && interaction.sync === true) return false
  return interaction.end !== null && interaction.end.kind !== 'aborted'
}

/** Whether a call was made when another was over. */
export function isMadeAfter(call: TimedCall, other: TimedCall): boolean {
  return other !== call && other.end <= call.start
}

/** The groups of a recording whose answers could have come in another order; none for a run that did one thing after the other. */
export function findConcurrentGroups(recording: Pick<Recording, 'interactions'>): ConcurrentGroup[] {
  return findBlocks(recording)
    .map((block) => toGroup(block.filter(isOrderable)))
    .filter(({ calls, after }) => calls.some((id, i) => (after.get(id)?.length ?? 0) < i))
}

function toGroup(calls: TimedCall[]): ConcurrentGroup {
  return {
    calls: calls.map(({ interaction }) => interaction.id),
    after: new Map(
      calls.map((call) => [
        call.interaction.id,
        calls.filter((other) => isMadeAfter(call, other)).map(({ interaction }) => interaction.id),
      ]),
    ),
  }
}
