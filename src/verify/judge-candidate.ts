import type { BaselineVerdict, Verdict } from '../model/verdict.ts'
import type { CandidateInput, CandidateJudgement } from './candidate-input.ts'
import { describeReach } from './describe-reach.ts'
import { describeSources } from './describe-sources.ts'
import { doubtOutput } from './doubt-output.ts'
import { describeJudgeFailure, describeThrow, findBreakage } from './find-breakage.ts'
import { findIncident } from './find-incident.ts'
import { findWeaknesses, mayExplainThrow } from './find-weaknesses.ts'
import { judgeGoodRun } from './judge-good-run.ts'
import { listAssumptions } from './list-assumptions.ts'
import { createReason, type VerifyReason } from './reason-codes.ts'

/**
 * Judges one candidate against a baseline: what stands above the table first (`error`, `not_reproduced`, `inconclusive`),
 * then the table, then regressions, which only ever take `fixed` away. Never throws: a role or an expectation that cannot
 * be evaluated gives `error`.
 */
export function judgeCandidate(input: CandidateInput): CandidateJudgement {
  try {
    return judge(input)
  } catch (error) {
    return {
      verdict: 'error',
      findings: null,
      reasons: [describeJudgeFailure(error)],
      assumptions: [...input.candidate.assumptions],
    }
  }
}

function judge(input: CandidateInput): CandidateJudgement {
  const { baseline, candidate, incident, required } = input
  const { trace, signals } = candidate
  const assumptions = listAssumptions(candidate)
  const breakage = findBreakage(candidate)
  if (breakage !== null) return { verdict: 'error', findings: null, reasons: [breakage], assumptions }
  const findings = trace === null || signals === null ? null : findIncident(trace, signals, incident, candidate.told)
  const end = (verdict: Verdict, reasons: VerifyReason[]) => ({ verdict, findings, reasons, assumptions })

  const weaknesses = findWeaknesses(candidate, required)
  const thrown = candidate.agent_error === null ? [] : [describeThrow(candidate.agent_error)]
  if (thrown.length > 0 && !mayExplainThrow(weaknesses) && baseline.run.agent_error === null)
    return end('error', thrown)
  const red = judgeRed(baseline.verdict)
  if (red !== null) return end(red.verdict, [red.reason])

  if (candidate.integrity !== 'sealed') {
    weaknesses.push(
      createReason('unsealed_recording', `a recording under this verdict is ${candidate.integrity}, not sealed`),
    )
  }
  if (weaknesses.length > 0 || findings === null) {
    return end('inconclusive', [...weaknesses, describeReach(candidate, required, incident.trigger), ...thrown])
  }
  return doubtRest(judgeGoodRun(input, findings, assumptions), input)
}

/** A run that is good, but for what it looked at beside the recording or for an output that says too little, proves no fix. */
function doubtRest(
  judged: CandidateJudgement,
  { baseline, candidate, required, incident }: CandidateInput,
): CandidateJudgement {
  const reasons = [...describeSources(candidate.sources ?? []), ...doubtOutput(candidate, baseline.run)]
  if (judged.verdict !== 'fixed' || reasons.length === 0) return judged
  const reach = describeReach(candidate, required, incident.trigger)
  return { ...judged, verdict: 'inconclusive', reasons: [...reasons, reach, ...judged.reasons] }
}

/** What a baseline that is not red makes of every candidate; null when it is red. */
function judgeRed(verdict: BaselineVerdict): { verdict: Verdict; reason: VerifyReason } | null {
  switch (verdict) {
    case 'reproduced':
      return null
    case 'not_reproduced':
      return {
        verdict,
        reason: createReason('baseline_not_reproduced', 'the baseline does not show the incident: nothing to fix'),
      }
    case 'inconclusive':
      return {
        verdict,
        reason: createReason('baseline_inconclusive', 'the baseline proves nothing, so nothing can be compared'),
      }
    case 'error':
      return { verdict, reason: createReason('baseline_error', 'the baseline broke, so nothing can be compared') }
  }
  // Not reachable for a caller that types check.
  return {
    verdict: 'error',
    reason: createReason('baseline_error', `unknown verdict of the baseline: ${String(verdict)}`),
  }
}
