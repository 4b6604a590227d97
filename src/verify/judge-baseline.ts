import type { EvidenceGrade } from '../model/evidence.ts'
import type { Incident } from '../model/incident.ts'
import type { BaselineVerdict, IncidentFindings } from '../model/verdict.ts'
import { describeReach } from './describe-reach.ts'
import { describeJudgeFailure, describeThrow, findBreakage } from './find-breakage.ts'
import { findIncident } from './find-incident.ts'
import { findWeaknesses, mayExplainThrow } from './find-weaknesses.ts'
import { createReason, type VerifyReason } from './reason-codes.ts'
import type { TrialRun } from './trial-run.ts'

export interface BaselineInput {
  run: TrialRun
  incident: Incident
  /** The worst grade that an answer may have. `stale`, `beyond` and `none` are never good enough. */
  required: EvidenceGrade
}

export interface BaselineJudgement {
  verdict: BaselineVerdict
  /** Null when the run left nothing to look at. */
  findings: IncidentFindings | null
  /** The argument for the verdict, decisive reasons first. */
  reasons: VerifyReason[]
}

/**
 * Judges whether the unfixed agent reproduces the incident from its recording. `reproduced` needs a finished run, good
 * evidence under every answer, no blocked egress, and trigger, cause and symptom all present. Never throws: a role that
 * cannot be evaluated gives `error`.
 */
export function judgeBaseline(input: BaselineInput): BaselineJudgement {
  try {
    return judge(input)
  } catch (error) {
    return { verdict: 'error', findings: null, reasons: [describeJudgeFailure(error)] }
  }
}

function judge({ run, incident, required }: BaselineInput): BaselineJudgement {
  const { trace, signals } = run
  const breakage = findBreakage(run)
  if (breakage !== null) return { verdict: 'error', findings: null, reasons: [breakage] }
  const findings = trace === null || signals === null ? null : findIncident(trace, signals, incident, run.told)
  const roles = findings === null ? [] : describeRoles(findings)
  const weaknesses = findWeaknesses(run, required)
  const thrown = run.agent_error === null ? [] : [describeThrow(run.agent_error)]
  if (thrown.length > 0 && weaknesses.length > 0 && !mayExplainThrow(weaknesses)) {
    return { verdict: 'error', findings, reasons: [...thrown, ...weaknesses] }
  }
  if (weaknesses.length > 0 || findings === null) {
    const reach = describeReach(run, required, incident.trigger)
    return { verdict: 'inconclusive', findings, reasons: [...weaknesses, reach, ...thrown] }
  }
  const red = findings.trigger.present && findings.cause.present && findings.symptom.present
  // A throw is part of the incident only where the whole incident is there; else it is why it is not.
  if (run.agent_error !== null && !red) {
    return { verdict: 'error', findings, reasons: [describeThrow(run.agent_error), ...roles] }
  }
  if (!red) return { verdict: 'not_reproduced', findings, reasons: roles }
  return { verdict: 'reproduced', findings, reasons: [...roles, ...remarks(run)] }
}

function describeRoles({ trigger, cause, symptom }: IncidentFindings): VerifyReason[] {
  const roles = [
    {
      present: trigger.present,
      reason: createReason(trigger.present ? 'trigger_met' : 'trigger_not_met', trigger.observed),
    },
    { present: cause.present, reason: createReason(cause.present ? 'cause_present' : 'cause_absent', cause.observed) },
    {
      present: symptom.present,
      reason: createReason(symptom.present ? 'symptom_present' : 'symptom_absent', symptom.observed),
    },
  ]
  return roles.toSorted((a, b) => Number(a.present) - Number(b.present)).map(({ reason }) => reason)
}

function remarks(run: TrialRun): VerifyReason[] {
  const thrown = run.agent_error === null ? [] : [describeThrow(run.agent_error)]
  if (run.integrity === 'sealed') return thrown
  return [
    ...thrown,
    createReason('unsealed_recording', `the recording is ${run.integrity}: no candidate can be judged fixed`),
  ]
}
