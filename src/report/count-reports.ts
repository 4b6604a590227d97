import { type CandidateReport, type GateResult, type ScenarioReport, VERDICTS, type Verdict } from '../model/verdict.ts'

/** What is known of a run over scenarios beyond the reports themselves. */
export interface ReportSummary {
  /** The exit code of the run, as `exitCodeOf` of `verify/` gives it. */
  exit_code: number
  /** Real time of the whole run, ms. */
  duration_ms?: number | undefined
  /** Scenarios that could not be tried, and ids that name nothing. */
  untried?: number | undefined
}

/** How many of everything a list of reports holds. */
export interface ReportCounts {
  scenarios: number
  candidates: number
  assumptions: number
  verdicts: Record<Verdict, number>
  gates: Record<GateResult, number>
}

export function countReports(reports: readonly ScenarioReport[]): ReportCounts {
  const candidates = reports.flatMap((report) => report.candidates)
  const verdicts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<Verdict, number>
  const gates: Record<GateResult, number> = { pass: 0, fail: 0, inconclusive: 0 }
  for (const { verdict, gate } of candidates) {
    verdicts[verdict] += 1
    gates[gate] += 1
  }
  const assumptions = candidates.reduce((sum, candidate) => sum + candidate.assumptions.length, 0)
  return { scenarios: reports.length, candidates: candidates.length, assumptions, verdicts, gates }
}

/** The whole run in one word. `pass` needs exit code 0 and, whatever that says, at least one candidate and no other gate. */
export function overallGate(
  reports: readonly ScenarioReport[],
  exitCode: number,
): 'pass' | 'fail' | 'inconclusive' | 'error' {
  const { candidates, gates } = countReports(reports)
  if (exitCode === 0 && candidates > 0 && gates.pass === candidates) return 'pass'
  if (exitCode === 1 || (exitCode === 0 && gates.fail > 0)) return 'fail'
  return exitCode === 3 || exitCode === 0 ? 'inconclusive' : 'error'
}

const HARNESS_CODES = ['harness_error', 'judge_failed', 'baseline_error', 'agent_not_loaded']

/** True when a verdict `error` is the agent's own doing, so that a scenario can expect it, and nothing of the harness broke. */
export function isAgentsError({ verdict, reasons }: CandidateReport): boolean {
  const codes = reasons.map(({ code }) => code)
  const isAgents = codes.includes('agent_threw') || codes.includes('agent_crashed')
  return verdict === 'error' && isAgents && !codes.some((code) => HARNESS_CODES.includes(code))
}
