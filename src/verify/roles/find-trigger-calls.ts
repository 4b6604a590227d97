import type { Trigger } from '../../model/incident.ts'
import type { Interaction } from '../../model/interaction.ts'
import type { Span } from '../../model/trace.ts'
import { countTrigger } from './count-trigger.ts'

/**
 * The recorded calls whose answers make up the trigger: those that failed, or, where it is no failure, those whose answer it
 * is. None for a tool that is only seen in what the model was told: then there is no call of its own.
 *
 * @throws RetrialError `ERR_VERIFY_PATTERN`
 */
export function findTriggerCalls(
  trigger: Trigger,
  spans: readonly Span[],
  interactions: readonly Interaction[],
): string[] {
  const models = new Set(spans.filter(isModel).flatMap((span) => span.interactions))
  const known = new Map(interactions.map((one) => [one.id, one]))
  const found = spans.flatMap((span) => {
    if (countTrigger(trigger, [span]) === 0) return []
    const own = span.interactions.filter((id) => known.has(id) && (isModel(span) || !models.has(id)))
    const failed = own.filter((id) => isFailed(known.get(id) as Interaction))
    return failed.length > 0 ? failed : own.slice(-1)
  })
  return [...new Set(found)]
}

function isModel({ step_type }: Span): boolean {
  return step_type === 'llm_generate'
}

/** True for a call that got no whole answer, or one whose status says that it failed. */
export function isFailed(interaction: Interaction): boolean {
  if (interaction.end === null || interaction.end.kind !== 'complete') return true
  return interaction.kind === 'http' && (interaction.answer === null || interaction.answer.status >= 400)
}
