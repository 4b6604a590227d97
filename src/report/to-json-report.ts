import type { JsonObject, JsonValue } from '../core/json.ts'
import type { BaselineReport, CandidateReport, ScenarioReport } from '../model/verdict.ts'
import { countReports, type ReportSummary } from './count-reports.ts'
import { commonIsolation } from './describe-isolation.ts'
import { escapeHostile } from './escape-json.ts'

/**
 * The verdicts of a run as JSON, for programs: `{ retrial, summary, scenarios: [{ …, baseline, candidates }] }`. Texts are
 * exactly as recorded; figures that JSON cannot hold become null.
 *
 * @param version the version of retrial that made the report
 */
export function toJsonReport(version: string, reports: readonly ScenarioReport[], summary: ReportSummary): JsonValue {
  const { verdicts, gates, scenarios, candidates, assumptions } = countReports(reports)
  return toJson({
    retrial: version,
    summary: {
      ...summary,
      isolation: commonIsolation(reports) ?? null,
      scenarios,
      candidates,
      assumptions,
      verdicts,
      gates,
    },
    scenarios: reports.map((report) => ({
      id: report.id,
      file: report.file,
      title: report.title,
      seed: report.seed,
      seeded: report.seeded,
      duration_ms: report.duration_ms,
      baseline: toBaseline(report.baseline),
      candidates: report.candidates.map(toCandidate),
    })),
  })
}

/** A JSON report as text, indented. Recorded control, direction and invisible characters are written as `\u` escapes. */
export function renderJson(report: JsonValue): string {
  return `${escapeHostile(JSON.stringify(report, null, 2))}\n`
}

function toBaseline({
  verdict,
  agent,
  evidence,
  findings,
  signals,
  reasons,
  recording,
  isolation,
}: BaselineReport): object {
  return { verdict, agent, evidence, findings, signals, reasons, recording, isolation }
}

function toCandidate(candidate: CandidateReport): object {
  const { id, agent, verdict, expect, gate, evidence, assumptions, findings, signals } = candidate
  const {
    reasons,
    sampling,
    ways_out = [],
    divergences,
    egress,
    sources,
    recording,
    isolation,
    worlds,
    duration_ms,
  } = candidate
  const rest = {
    findings,
    signals,
    reasons,
    sampling,
    ways_out,
    divergences,
    egress,
    sources,
    recording,
    isolation,
    worlds,
    duration_ms,
  }
  return { id, agent, verdict, expect, gate, evidence, assumptions, ...rest }
}

function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject
}
