import type { BaselineVerdict, CandidateReport } from '../model/verdict.ts'
import { gateOf } from '../verify/gate-of.ts'

/**
 * What a candidate's verdict is worth once it was reverted: red on the baseline, green on the candidate, red again without it. A
 * `fixed` whose revert is not red as well proves nothing of the fix.
 *
 * @param reverted Verdict of the unfixed agent, replayed after the candidates with all the evidence that they had.
 */
export function showTeeth<T extends Omit<CandidateReport, 'ways_out'>>(report: T, reverted: BaselineVerdict): T {
  if (report.verdict !== 'fixed') return report
  if (reverted === 'reproduced') {
    const message = 'red on the baseline, green on this candidate, red again when it is reverted'
    return { ...report, reasons: [...report.reasons, { code: 'teeth', message }] }
  }
  const message = `the incident is gone without the candidate, too: when it is reverted the run is ${reverted}`
  return {
    ...report,
    verdict: 'not_reproduced',
    gate: gateOf('not_reproduced', report.expect),
    reasons: [{ code: 'no_teeth', message }, ...report.reasons],
  }
}
