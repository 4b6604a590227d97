import type { HttpInteraction, Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'

/** A timer of the recorded client may have fired late: this part of its wait is enough. */
const ENOUGH = 0.9

/**
 * Reads calls that a replayed agent gave up as those of the recorded run that they were answered from, where it waited as long: an
 * abort that a timer of its own made (`controller.abort()`) is the deadline that `AbortSignal.timeout` is, by another name, and only the
 * agent knows. So the same wait has the same error class on both sides. A call given up sooner is left as it is.
 */
export function adoptDeadlines(replayed: Recording, recording: Recording): Recording {
  const recorded = new Map(recording.interactions.map((one) => [one.id, one]))
  return { ...replayed, interactions: replayed.interactions.map((one) => adopt(one, recorded)) }
}

function adopt(one: Interaction, recorded: ReadonlyMap<string, Interaction>): Interaction {
  const source = recorded.get(one.evidence?.source ?? '')
  if (source === undefined || !isGivenUp(one) || !isGivenUp(source)) return one
  const { end } = source
  return one.end.offset_ms < end.offset_ms * ENOUGH ? one : { ...one, end: { ...one.end, error: end.error } }
}

function isGivenUp(one: Interaction): one is HttpInteraction & { end: { kind: 'aborted' } } {
  return one.kind === 'http' && one.end?.kind === 'aborted'
}
