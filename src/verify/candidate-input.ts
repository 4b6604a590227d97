import type { EvidenceGrade } from '../model/evidence.ts'
import type { Expectations, Incident } from '../model/incident.ts'
import type { BaselineVerdict, IncidentFindings, Verdict } from '../model/verdict.ts'
import type { Tolerance } from './find-regressions.ts'
import type { VerifyReason } from './reason-codes.ts'
import type { TrialRun } from './trial-run.ts'

export interface CandidateInput {
  baseline: { verdict: BaselineVerdict; run: TrialRun }
  candidate: TrialRun
  incident: Incident
  /** What a good run looks like, beyond cause and symptom being gone. */
  expect?: Expectations | undefined
  /** The worst grade that an answer may have. `stale`, `beyond` and `none` are never good enough. */
  required: EvidenceGrade
  tolerance: Tolerance
  /**
   * True when the scenario accepts a candidate that never meets the trigger.
   * @default false
   */
  accept_bypass?: boolean | undefined
}

export interface CandidateJudgement {
  verdict: Verdict
  /** Null when the run left nothing to look at. */
  findings: IncidentFindings | null
  /** The argument for the verdict, decisive reasons first. */
  reasons: VerifyReason[]
  /** Everything the verdict takes for granted. */
  assumptions: string[]
}
