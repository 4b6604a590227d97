import type { CandidateReport, GateResult, ScenarioReport } from '../model/verdict.ts'
import { gateOf } from './gate-of.ts'

/** 0 all gates pass · 1 a gate fails · 3 inconclusive, not reproduced, incomplete, or nothing ran · 4 something broke. */
export type VerdictExitCode = 0 | 1 | 3 | 4

/** Reasons that say that nothing was tried, or that the harness failed, so that even an expected `error` proves nothing. */
const HARNESS_REASONS = ['harness_error', 'judge_failed', 'baseline_error', 'agent_not_loaded']

/**
 * The exit code of a run over scenarios. A gate that failed on a real verdict comes first (1), because it holds whatever
 * else broke; then breakage (4), then whatever is not proved (3). 0 is what is left: at least one scenario, each with at
 * least one candidate and a baseline in order, and every gate passed.
 */
export function exitCodeOf(reports: readonly ScenarioReport[]): VerdictExitCode {
  const candidates = reports.flatMap((report) => report.candidates)
  if (candidates.some((candidate) => candidate.verdict !== 'error' && worstGate(candidate) === 'fail')) return 1
  if (candidates.some(isBroken) || reports.some((report) => report.baseline.verdict === 'error')) return 4
  const allRan = reports.length > 0 && reports.every((report) => report.candidates.length > 0)
  const allPass = candidates.every((candidate) => worstGate(candidate) === 'pass')
  const allInOrder = reports.every(isBaselineInOrder)
  return allRan && allPass && allInOrder ? 0 : 3
}

function isBroken(candidate: CandidateReport): boolean {
  if (candidate.verdict !== 'error') return false
  return worstGate(candidate) !== 'pass' || candidate.reasons.some(({ code }) => HARNESS_REASONS.includes(code))
}

/** The gate as reported or as it follows from the verdict, whichever is worse. */
function worstGate(candidate: CandidateReport): GateResult {
  const gates = [candidate.gate, gateOf(candidate.verdict, candidate.expect)]
  if (gates.includes('fail')) return 'fail'
  return gates.every((gate) => gate === 'pass') ? 'pass' : 'inconclusive'
}

/** A baseline that is not red is in order only where every candidate expects just that. */
function isBaselineInOrder({ baseline, candidates }: ScenarioReport): boolean {
  return baseline.verdict === 'reproduced' || candidates.every(({ expect }) => expect === baseline.verdict)
}
