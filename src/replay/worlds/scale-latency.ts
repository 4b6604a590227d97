import { roundMs } from '../../core/clock.ts'
import type { HttpInteraction, Interaction, InteractionEnd } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'
import { findBlocks, isMadeAfter, type TimedCall } from '../order/concurrent-groups.ts'
import { moveAnswer } from '../order/move-answer.ts'

/** Limits of clients and of the system, which know nothing of how slow a network is. */
const TIMED_OUT = /^(?:E(?:SOCKET)?TIMEDOUT|UND_ERR_\w*TIMEOUT)$/

/**
 * The recording with every answer taking so many times as long. What the agent did between an answer and its next call takes
 * as long as it did. A limit that ended the waiting stays where it was in a slower world; in a faster one nobody knows what would have come
 * before it, so the recording knows of that call for so much less long. Nothing is changed in place.
 */
export function scaleLatency(recording: Recording, factor: number): Recording {
  if (factor === 1) return recording
  const scaled = new Map<string, Interaction>()
  let delay = 0
  for (const block of findBlocks(recording)) {
    const moved = moveBlock(block, factor, delay)
    delay = endOf(moved.values(), (one) => one.moved) - endOf(moved.keys(), (call) => call.end)
    if (!Number.isFinite(delay)) delay = 0
    for (const [call, { interaction }] of moved) scaled.set(call.interaction.id, interaction)
  }
  const { digest: _, finish, ...rest } = recording
  const at_ms = finish && (factor < 1 ? finish.at_ms * factor : finish.at_ms + delay)
  return {
    ...rest,
    interactions: recording.interactions.map((one) => scaled.get(one.id) ?? one),
    finish: finish && { ...finish, at_ms: roundMs(Math.max(0, at_ms ?? 0)) },
  }
}

interface Scaled {
  interaction: Interaction
  /** When it ends. */
  moved: number
}

/** @param delay By how much later the block begins. */
function moveBlock(block: readonly TimedCall[], factor: number, delay: number): Map<TimedCall, Scaled> {
  const done = new Map<TimedCall, Scaled>()
  for (const call of block.toSorted((a, b) => a.start - b.start)) {
    const earlier = block.filter((other) => isMadeAfter(call, other) && done.has(other))
    // As long after the last answer that was there when it was made as it was recorded.
    const start =
      earlier.length === 0
        ? call.start + delay
        : call.start + endOf(earlier, (other) => done.get(other)?.moved ?? 0) - endOf(earlier, (other) => other.end)
    const interaction = { ...scaleCall(call.interaction, factor), started_ms: roundMs(Math.max(0, start)) }
    const moved = interaction.end === null ? call.end : interaction.started_ms + interaction.end.offset_ms
    done.set(call, { interaction, moved })
  }
  return done
}

/** The last of the ends that there are. */
function endOf<T>(calls: Iterable<T>, read: (call: T) => number): number {
  return Math.max(...[...calls].map(read).filter(Number.isFinite))
}

function scaleCall(interaction: Interaction, factor: number): Interaction {
  if (interaction.kind !== 'http') {
    const { end, sync } = interaction
    return end === null || sync === true ? interaction : { ...interaction, end: scaleEnd(end, factor) }
  }
  const end = interaction.end && scaleEnd(interaction.end, factor)
  const scaled = { ...interaction, end, answer: interaction.answer && scaleAnswer(interaction, factor) }
  return end !== null && isLimit(end) ? cutAt(scaled, end) : scaled
}

function scaleAnswer({ answer }: HttpInteraction, factor: number) {
  return answer && moveAnswer(answer, (offset) => roundMs(offset * factor))
}

function scaleEnd(end: InteractionEnd, factor: number): InteractionEnd {
  const offset_ms = roundMs(end.offset_ms * factor)
  if (!isLimit(end)) return { ...end, offset_ms }
  return factor > 1 ? end : { kind: 'aborted', offset_ms }
}

function isLimit({ kind, error }: InteractionEnd): boolean {
  return (kind === 'failed' || kind === 'cut') && TIMED_OUT.test(String(error?.code))
}

/** What would come later than the limit does not come. */
function cutAt(interaction: HttpInteraction, end: InteractionEnd): HttpInteraction {
  const { answer } = interaction
  if (answer === null) return interaction
  const isLate = (offset: number): boolean => offset >= end.offset_ms
  if (isLate(answer.headers_ms)) return { ...interaction, answer: null, end: { ...end, kind: 'failed' } }
  return { ...interaction, answer: { ...answer, chunks: answer.chunks.filter(([offset]) => !isLate(offset)) } }
}
