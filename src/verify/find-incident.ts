import type { Incident, Trigger } from '../model/incident.ts'
import type { Signals } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import type { IncidentFindings, RoleFinding } from '../model/verdict.ts'
import { countTrigger } from './roles/count-trigger.ts'
import { describeSpans } from './roles/describe-spans.ts'
import { matchRole } from './roles/match-role.ts'

/**
 * Looks for the three roles of an incident in one run: what the world did (trigger, from the spans), what the agent did
 * wrong (cause) and how it ended (symptom).
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
    cause: matchRole(incident.cause, trace, signals),
    symptom: matchRole(incident.symptom, trace, signals),
  }
}

function findTrigger({ spans }: RunTrace, trigger: Trigger, told: readonly string[]): RoleFinding {
  const count = countTrigger(
    trigger,
    spans.filter(({ span_id }) => !told.includes(span_id)),
  )
  const words = told.length === 0 ? '' : `, only told ×${told.length}`
  return {
    present: count >= trigger.at_least,
    observed: `${describeSpans(trigger)} ×${count}${words}`,
    value: String(count),
  }
}
