import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { JsonObject } from '../core/json.ts'
import type { CandidateReport } from '../model/verdict.ts'
import { renderJUnit } from '../report/render-junit.ts'
import { renderVerdicts } from '../report/render-verdicts.ts'
import { renderJson as renderJsonReport, toJsonReport } from '../report/to-json-report.ts'
import { ScenarioError } from '../scenario/scenario-error.ts'
import type { SuiteFault, SuiteResult } from '../suite/run-suite.ts'
import { describeError, shortenPaths } from './describe-error.ts'

export type Reporter = 'terminal' | 'json' | 'junit'

export interface ViewOptions {
  color: boolean
  /** Columns of the terminal; undefined where lines need not fit. */
  width?: number | undefined
}

/** The outcome of `retrial verify` as text, with paths as the user knows them: relative to where they are. */
export function renderResult(result: SuiteResult, reporter: Reporter, view: ViewOptions): string {
  const shown = { ...result, reports: showPaths(result) }
  switch (reporter) {
    case 'terminal':
      return renderTerminal(shown, view)
    case 'json':
      return renderJson(shown)
    case 'junit':
      return renderJUnit(shown.reports, { faults: shown.faults.map(toJUnitFault) })
  }
}

function showPaths({ reports }: SuiteResult): SuiteResult['reports'] {
  const shorten = <T extends { recording: string | null }>(part: T): T => ({
    ...part,
    recording: part.recording && relative(process.cwd(), part.recording),
  })
  return reports.map((report) => ({
    ...report,
    file: relative(process.cwd(), report.file),
    baseline: shorten(report.baseline),
    candidates: report.candidates.map(shorten).map(shortenWorlds),
  }))
}

function shortenWorlds(candidate: CandidateReport): CandidateReport {
  const { worlds } = candidate
  if (worlds === undefined || worlds.counterexample === null) return candidate
  const { file, recording } = worlds.counterexample
  const here = (path: string): string => relative(process.cwd(), path)
  const shown = { ...worlds.counterexample, file: here(file), recording: recording && here(recording) }
  return { ...candidate, worlds: { ...worlds, counterexample: shown } }
}

function renderTerminal({ reports, faults, exit_code, duration_ms }: SuiteResult, view: ViewOptions): string {
  if (reports.length === 0) return ''
  return renderVerdicts(reports, { ...view, exit_code, duration_ms, untried: faults.length })
}

function renderJson({ reports, faults, exit_code, duration_ms }: SuiteResult): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const report = toJsonReport(version, reports, { exit_code, duration_ms })
  return renderJsonReport({ ...(report as JsonObject), errors: faults.flatMap(toErrors) })
}

/** A scenario's mistakes one by one; any other error as one. */
function toErrors({ file, error }: SuiteFault): JsonObject[] {
  const path = error.location?.path ?? file
  const shown = path === null ? null : relative(process.cwd(), path)
  if (error instanceof ScenarioError) {
    return error.issues.map(({ code, message, hint, line, column }) => ({
      code,
      message,
      hint,
      file: shown,
      line,
      column,
    }))
  }
  const { line = null, column = null } = error.location ?? {}
  const message = shortenPaths(error.message)
  return [{ code: error.code, message, hint: error.hint ?? null, file: shown, line, column }]
}

function toJUnitFault({ file, error }: SuiteFault) {
  return {
    file: file === null ? null : relative(process.cwd(), file),
    code: error.code,
    message: shortenPaths(error.message).split('\n')[0] ?? '',
    text: describeError(error),
  }
}
