import type { Recording } from '../../model/recording.ts'
import {
  callEntry,
  type Entry,
  finishEntries,
  headerEntries,
  noteEntry,
  type RecordedResult,
  resultEntry,
} from '../entries.ts'

/** What to write, in order, to get a recording with the same content: calls by number, each followed by its result. */
export function listEntries(recording: Recording): Entry[] {
  const { run, input, agent_ref, runtime, redaction } = recording
  const entries = headerEntries({ run, input, agent_ref, runtime, redaction })
  for (const { end, evidence, ...interaction } of recording.interactions) {
    entries.push(callEntry(interaction))
    const answered = interaction.kind === 'http' ? interaction.answer !== null : interaction.value !== undefined
    const ran = interaction.kind !== 'http' && interaction.ran === true
    if (end === null && evidence === undefined && !answered && !ran) continue
    const result: RecordedResult = { id: interaction.id, end, evidence }
    if (interaction.kind === 'http') result.answer = interaction.answer
    else {
      const { value, sync, yields } = interaction
      Object.assign(result, { value, sync, yields, ...(ran && { ran }) })
    }
    entries.push(resultEntry(result))
  }
  for (const note of recording.notes) entries.push(noteEntry(note))
  if (recording.chance !== undefined) entries.push({ kind: 'chance', chance: recording.chance })
  if (recording.finish !== null) entries.push(...finishEntries(recording.finish))
  return entries
}
