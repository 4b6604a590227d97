import type { Incident, Trigger } from '../model/incident.ts'
import type { Signals } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import type { IncidentFindings, RoleFinding } from '../model/verdict.ts'
import { countTrigger } from './roles/count-trigger.ts'
import { matchSignal } from './roles/match-signal.ts'

/**
 * Looks for the three roles of an incident in one run: what the world did (trigger, from the spans), what the agent did
 * wrong (cause) and how it ended (symptom), both from the signals.
 *
 * @param told ids of spans that show the trigger by the agent's word alone: they do not count
 * @throws RetrialError `ERR_VERIFY_PATTERN`, `ERR_VERIFY_SIGNAL`, `ERR_VERIFY_SIGNAL_KEY` when a role cannot be evaluated.
 */
export function findIncident(
  trace: RunTrace,
  signals: Signals,
  incident: Incident,
  told: readonly string[] = [],
): IncidentFindings {
  return {
    trigger: findTrigger(trace, incident.trigger, told),
    cause: matchSignal(incident.cause, signals),
    symptom: matchSignal(incident.symptom, signals),
  }
}

function findTrigger({ spans }: RunTrace, trigger: Trigger, told: readonly string[]): RoleFinding {
  const count = countTrigger(
    trigger,
    spans.filter(({ span_id }) => !told.includes(span_id)),
  )
  const words = told.length === 0 ? '' : `, only told ×${told.length}`
  const colon = trigger.span.indexOf(':')
  const parts = [colon === -1 ? trigger.span : trigger.span.slice(colon + 1)]
  if (trigger.error_class !== undefined) parts.push(trigger.error_class === 'any' ? 'error' : trigger.error_class)
  if (trigger.result !== undefined) parts.push(`/${clip(trigger.result.matches)}/`)
  return { present: count >= trigger.at_least, observed: `${parts.join(' ')} ×${count}${words}`, value: String(count) }
}

function clip(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`
}
