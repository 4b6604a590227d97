import type { IncidentFindings } from '../model/verdict.ts'
import type { CandidateInput, CandidateJudgement } from './candidate-input.ts'
import { describeThrow } from './find-breakage.ts'
import { type ComparedRun, findRegressions, splitViolations } from './find-regressions.ts'
import { lookUpVerdict, type TableVerdict } from './look-up-verdict.ts'
import { createReason, type VerifyReason } from './reason-codes.ts'
import type { TrialRun } from './trial-run.ts'

/**
 * Judges a candidate whose run finished on good evidence, against a red baseline: the table, then the regressions.
 * A violated expectation that the baseline violated too, and a throw where the baseline threw too, are the symptom in
 * another form.
 *
 * @throws RetrialError `ERR_VERIFY_PATTERN`; TypeError when the baseline left no signals to compare with.
 */
export function judgeGoodRun(
  input: CandidateInput,
  findings: IncidentFindings,
  assumptions: string[],
): CandidateJudgement {
  const compared = {
    baseline: requireRun(input.baseline.run),
    candidate: requireRun(input.candidate),
    expect: input.expect,
  }
  const otherForms = [
    ...splitViolations(compared).stillBroken.map((found) =>
      createReason('expectation_still_broken', `${found.message}, as before`, {
        expectation: found.code,
        ...found.data,
      }),
    ),
    ...describeThrowAsBefore(input.candidate),
  ]
  const verdict = lookUpVerdict({
    trigger: findings.trigger.present,
    cause: findings.cause.present,
    symptom: findings.symptom.present || otherForms.length > 0,
  })
  const regressions = findRegressions({ ...compared, tolerance: input.tolerance })
  const argument = [...orderRoles(verdict, findings), ...otherForms]
  if (verdict === 'bypassed' && input.accept_bypass === true) {
    return judgeBypass({ findings, assumptions, argument, regressions })
  }
  if (verdict !== 'fixed') return { verdict, findings, reasons: [...argument, ...regressions], assumptions }
  if (regressions.length > 0) {
    return { verdict: 'regressed', findings, reasons: [...regressions, ...argument], assumptions }
  }
  return { verdict: 'fixed', findings, reasons: argument, assumptions }
}

interface Argued {
  findings: IncidentFindings
  assumptions: string[]
  argument: VerifyReason[]
  regressions: VerifyReason[]
}

function judgeBypass({ findings, assumptions, argument, regressions }: Argued): CandidateJudgement {
  if (findings.cause.present) {
    const refused = createReason('bypass_refused', 'the scenario accepts a bypass, but the cause is still there')
    return { verdict: 'bypassed', findings, reasons: [refused, ...argument, ...regressions], assumptions }
  }
  const accepted = createReason('bypass_accepted', 'the scenario accepts a run that never meets the trigger')
  return {
    verdict: regressions.length > 0 ? 'regressed' : 'fixed',
    findings,
    reasons: [...regressions, accepted, ...argument],
    assumptions: [...assumptions, `bypass accepted: the trigger was never met (${findings.trigger.observed})`],
  }
}

function requireRun({ trace, signals }: TrialRun): ComparedRun {
  if (trace === null || signals === null) throw new TypeError('a run without signals cannot be compared')
  return { trace, signals }
}

function describeThrowAsBefore(candidate: TrialRun): VerifyReason[] {
  if (candidate.agent_error === null) return []
  const { message, data } = describeThrow(candidate.agent_error)
  return [createReason('threw_as_before', `${message}; the baseline threw as well`, data)]
}

/** The roles as reasons, the one that decides the verdict first. */
function orderRoles(verdict: TableVerdict, { trigger, cause, symptom }: IncidentFindings): VerifyReason[] {
  const triggerReason = createReason(trigger.present ? 'trigger_met' : 'trigger_not_met', trigger.observed)
  const causeReason = createReason(cause.present ? 'cause_present' : 'cause_gone', cause.observed)
  const symptomReason = createReason(symptom.present ? 'symptom_present' : 'symptom_gone', symptom.observed)
  switch (verdict) {
    case 'masked':
      return [causeReason, triggerReason, symptomReason]
    case 'refuted':
    case 'not_fixed':
      return [symptomReason, causeReason, triggerReason]
    case 'fixed':
    case 'bypassed':
      return [triggerReason, causeReason, symptomReason]
  }
}
