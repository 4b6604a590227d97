import type { EvidenceGrade } from '../model/evidence.ts'
import type { Trigger } from '../model/incident.ts'
import { findWeakStep } from './find-weaknesses.ts'
import { countOf, createReason, type VerifyReason } from './reason-codes.ts'
import { countTrigger } from './roles/count-trigger.ts'
import type { TrialRun } from './trial-run.ts'

/**
 * Says how far the proof of an inconclusive run reaches: up to which step all answers were good evidence, and which roles
 * are settled by then. The trigger is settled once the good part of the run meets it. Cause and symptom are statements
 * about the whole run, so anything that weakens the run leaves both open.
 */
export function describeReach(run: TrialRun, required: EvidenceGrade, trigger: Trigger): VerifyReason {
  const weakStep = findWeakStep(run, required)
  const settled = meetsTriggerBefore(run, weakStep, trigger) ? ['trigger'] : []
  const open = ['trigger', 'cause', 'symptom'].filter((role) => !settled.includes(role))
  const roles = `${settled.length === 0 ? '' : 'trigger met by then; '}still open: ${open.join(', ')}`
  return createReason('proof_reaches', `${describeGood(run, weakStep)}; ${roles}`, {
    good_steps: weakStep === null ? null : weakStep - 1,
    settled,
    open,
  })
}

function describeGood(run: TrialRun, weakStep: number | null): string {
  if (weakStep === 1) return 'the very first answer is no good evidence'
  if (weakStep !== null) return `good evidence up to step ${weakStep - 1}`
  const answers = run.interactions?.length
  if (answers === undefined || answers === 0) return 'no step is known to be good evidence'
  return `${countOf(answers, 'answer')} of good evidence`
}

function meetsTriggerBefore(run: TrialRun, weakStep: number | null, trigger: Trigger): boolean {
  if (run.trace === null || run.interactions === undefined) return false
  const good = new Set(run.interactions.slice(0, weakStep === null ? undefined : weakStep - 1).map(({ id }) => id))
  // A span that was read off no interaction, or partly off a weak one, is no part of the good run.
  const spans = run.trace.spans.filter(
    ({ span_id, interactions }) =>
      interactions.length > 0 && interactions.every((id) => good.has(id)) && run.told?.includes(span_id) !== true,
  )
  return countTrigger(trigger, spans) >= trigger.at_least
}
