import { roundMs } from '../core/clock.ts'
import { isJsonObject } from '../core/json.ts'
import type { Interaction } from '../model/interaction.ts'
import type { Note, Recording } from '../model/recording.ts'

/** When a run ended, as far as its recording knows. Offsets from the start of the run, ms. */
export interface Timeline {
  finished: boolean
  /** The end of the run, or the last thing that is known of it. */
  last_ms: number
  /** Ids of requests whose answers had a body that the source of the recording does not hold. */
  bodiless: ReadonlySet<string>
}

/** Reads when a run ended, or when it was last heard of. */
export function readTimeline(recording: Recording): Timeline {
  const { finish, interactions, notes } = recording
  const bodiless = new Set(notes.flatMap(listBodiless))
  if (finish !== null) return { finished: true, last_ms: finish.at_ms, bodiless }
  let last_ms = 0
  for (const interaction of interactions) last_ms = Math.max(last_ms, lastSign(interaction))
  for (const note of notes) last_ms = Math.max(last_ms, note.at_ms)
  return { finished: false, last_ms, bodiless }
}

/** An import notes for which answers there was more than the file holds. */
function listBodiless({ code, data }: Note): string[] {
  if (code !== 'answer_body_missing' || !isJsonObject(data) || !Array.isArray(data.interactions)) return []
  return data.interactions.filter((id) => typeof id === 'string')
}

/**
 * When something of an interaction happened: offset from the start of the run, ms. In a replay things begin the very moment at
 * which others end, and a sum that is off in its last digit would put them the wrong way round.
 */
export function momentOf({ started_ms }: Pick<Interaction, 'started_ms'>, offset_ms: number): number {
  return roundMs(started_ms + offset_ms)
}

/** When an interaction ended. One without an end lasts as long as the run was heard of, or until its answer was left unread. */
export function endOf(interaction: Interaction, timeline: Timeline): number {
  if (interaction.end !== null) return momentOf(interaction, interaction.end.offset_ms)
  const own = lastSign(interaction)
  const leftUnread = timeline.finished && interaction.kind === 'http' && interaction.answer !== null
  return leftUnread ? own : Math.max(own, timeline.last_ms)
}

function lastSign(interaction: Interaction): number {
  if (interaction.end !== null) return momentOf(interaction, interaction.end.offset_ms)
  if (interaction.kind !== 'http' || interaction.answer === null) return interaction.started_ms
  const { headers_ms, chunks } = interaction.answer
  return momentOf(interaction, Math.max(headers_ms, chunks.at(-1)?.[0] ?? 0))
}
