import { formatLocation, RetrialError } from '../core/errors.ts'
import type { ScenarioPath } from './scenario.ts'

/** One mistake in a scenario file. `line` and `column` count from 1. */
export interface ScenarioIssue {
  /** `ERR_SCENARIO_…`; each has a heading in `docs/errors.md`. */
  code: string
  message: string
  path: ScenarioPath
  line: number
  column: number
  hint: string
}

/** All mistakes of one scenario file; `code` is `ERR_SCENARIO_INVALID`, the place is that of the first. */
export class ScenarioError extends RetrialError {
  readonly issues: readonly ScenarioIssue[]

  constructor(file: string, issues: readonly ScenarioIssue[]) {
    const sorted = issues.toSorted((a, b) => a.line - b.line || a.column - b.column)
    const first = sorted[0]
    super('ERR_SCENARIO_INVALID', describe(file, sorted), {
      hint: sorted.length === 1 && first ? first.hint : 'Correct every place listed above, then run again.',
      location: first ? { path: file, line: first.line, column: first.column } : { path: file },
    })
    this.issues = sorted
  }
}

function describe(file: string, issues: readonly ScenarioIssue[]): string {
  if (issues.length === 1 && issues[0]) {
    return `Failed to load scenario ${file}: ${issues[0].message} (${issues[0].code})`
  }
  const places = issues.map((issue) => {
    const where = formatLocation({ path: file, line: issue.line, column: issue.column })
    return `  ${where} ${issue.message} (${issue.code})\n    ${issue.hint}`
  })
  return [`Failed to load scenario ${file}:`, ...places, `${issues.length} mistakes in the scenario`].join('\n')
}
