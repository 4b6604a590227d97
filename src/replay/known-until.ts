import type { Interaction } from '../model/interaction.ts'
import type { RunFinish } from '../model/run.ts'
import type { McpTies } from './mcp/standing-streams.ts'

/**
 * How long after a recorded call the recording still knows what came of it, ms: to where the client gave up, by leaving or by
 * saying so, or to the end of the run for a call that was open then. Null when the answer came to an end by itself.
 *
 * @param finish End of the recorded run; null when its process died, and may have seen more than it wrote down.
 */
export function knownUntil(interaction: Interaction, finish: RunFinish | null, ties: McpTies | null): number | null {
  const { id, end } = interaction
  const cancelled = ties?.cancelled.get(id)
  if (cancelled !== undefined && !(end?.kind === 'complete' && end.offset_ms <= cancelled)) return cancelled
  const known = knownByItself(interaction, finish)
  return known === null && ties?.openEnded.has(id) ? (end?.offset_ms ?? 0) : known
}

function knownByItself(interaction: Interaction, finish: RunFinish | null): number | null {
  const { end, started_ms } = interaction
  if (end !== null) return end.kind === 'aborted' ? end.offset_ms : null
  if (finish !== null) return Math.max(0, finish.at_ms - started_ms)
  const answer = interaction.kind === 'http' ? interaction.answer : null
  return answer?.chunks.at(-1)?.[0] ?? answer?.headers_ms ?? 0
}
