import type { Evidence } from '../model/evidence.ts'
import type { Interaction, InteractionEnd } from '../model/interaction.ts'
import type { RecordingWriter } from '../recording/create-recording-writer.ts'

/** A call that was answered. */
export interface ServedCall {
  id: string
  recorded: Interaction
  /** What was given: the recorded interaction itself, or one with the replay's own values in it. */
  given: Interaction
  evidence: Evidence
}

/**
 * Writes down what came of a served call: by reference to the recording where its answer was given as it is.
 *
 * @param chunks How many chunks of an HTTP answer came; null without a head.
 */
export function writeAnswer(
  writer: RecordingWriter,
  { id, recorded, given, evidence }: ServedCall,
  chunks: number | null,
  end: InteractionEnd | null,
): void {
  // Why a client gave up is its own to say.
  const content = end?.kind === 'aborted' ? 'raw' : 'clean'
  if (given.kind !== 'http') {
    const { value, lossy, sync, yields } = given
    if (end === null) writer.result({ id, end, evidence }, content)
    else if (given === recorded) writer.repeatResult(recorded, { id, end, evidence }, content)
    else {
      const flags = { ...(lossy && { lossy }), ...(sync && { sync }), ...(yields && { yields }) }
      writer.result({ id, ...(value !== undefined && { value }), ...flags, end, evidence }, content)
    }
  } else if (given.answer === null || chunks === null) writer.result({ id, end, evidence }, content)
  else if (given === recorded) writer.repeatResult(recorded, { id, chunks, end, evidence }, content)
  else {
    const answer = { ...given.answer, chunks: given.answer.chunks.slice(0, chunks) }
    writer.result({ id, answer, end, evidence }, content)
  }
}
