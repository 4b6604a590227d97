import type { JsonValue } from '../core/json.ts'
import type { Reason } from '../model/verdict.ts'

/** Every code that a reason for a verdict can have. `docs/verdicts.md` explains each. */
export const REASON_CODES = [
  // the roles of the incident
  'trigger_met',
  'trigger_not_met',
  'cause_present',
  'cause_gone',
  'cause_absent',
  'symptom_present',
  'symptom_gone',
  'symptom_absent',
  // something broke
  'harness_error',
  'judge_failed',
  'agent_not_loaded',
  'agent_crashed',
  'agent_hung',
  'agent_threw',
  'baseline_error',
  // the baseline is not red
  'baseline_not_reproduced',
  'baseline_inconclusive',
  // the proof does not reach
  'diverged',
  'timed_out',
  'deadlocked',
  'run_unfinished',
  'worthless_evidence',
  'weak_evidence',
  'incomplete_coverage',
  'nothing_exercised',
  'blocked_egress',
  'lossy_values',
  'lossy_output',
  'stop_reason_missing',
  'still_running',
  'incomplete_recording',
  'unsealed_recording',
  'unrecorded_source',
  'proof_reaches',
  // beside the table
  'bypass_accepted',
  'bypass_refused',
  'threw_as_before',
  'expectation_still_broken',
  // other worlds
  'counterexample',
  'world_not_met',
  // bad signals that the baseline did not have
  'expectation_broken',
  'new_error_class',
  'new_repeats',
  'new_retries',
  'new_malformed_arguments',
  'new_unknown_tools',
  'new_truncated_answers',
  'new_stop_reason',
  'slower',
  'more_tokens',
  'more_steps',
] as const
export type ReasonCode = (typeof REASON_CODES)[number]

/** A reason whose code is one of `REASON_CODES`. */
export interface VerifyReason extends Reason {
  code: ReasonCode
}

/** Builds one step of the argument for a verdict. */
export function createReason(code: ReasonCode, message: string, data?: JsonValue): VerifyReason {
  return data === undefined ? { code, message } : { code, message, data }
}

/** `1 answer`, `2 answers`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
