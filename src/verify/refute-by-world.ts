import type { CandidateReport, WorldsReport } from '../model/verdict.ts'
import { gateOf } from './gate-of.ts'
import { createReason } from './reason-codes.ts'

/** A fix with what came of it in other worlds: one in which it fails takes the verdict `fixed` away. */
export function refuteByWorld(report: CandidateReport, worlds: WorldsReport): CandidateReport {
  const { counterexample } = worlds
  if (counterexample === null && worlds.failed === 0) return { ...report, worlds }
  const why = counterexample?.reasons[0]
  const reason = createReason(
    'counterexample',
    `it fails in another world, ${counterexample?.name ?? 'one of those tried'}${why === undefined ? '' : `: ${why.message}`}`,
    {
      world: counterexample?.name ?? null,
      codes: counterexample?.reasons.map(({ code }) => code) ?? [],
      command: counterexample?.command ?? null,
    },
  )
  const verdict = 'not_fixed'
  return { ...report, verdict, gate: gateOf(verdict, report.expect), reasons: [reason, ...report.reasons], worlds }
}
