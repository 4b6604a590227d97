import { formatMs } from '../core/format-ms.ts'
import type { BaselineReport, ScenarioReport } from '../model/verdict.ts'
import { breakLine } from './break-line.ts'
import { candidateLines } from './candidate-lines.ts'
import { countReports, overallGate, type ReportSummary } from './count-reports.ts'
import { commonIsolation } from './describe-isolation.ts'
import { createPaint, escapeTerminal, joinLines, type Paint } from './terminal-text.ts'
import { BASELINE_WORDS, describeEvidence, pluralize } from './verdict-words.ts'

/** Column at which a scenario's first line ends, unless the terminal is narrower. */
const WIDTH = 100

export interface RenderVerdictsOptions extends ReportSummary {
  /** Whether to colour the text with ANSI codes. */
  color: boolean
  /** Columns that a line may have; longer ones are broken. @default no limit */
  width?: number | undefined
}

/**
 * Renders the verdicts of a run for a terminal or a pull request: a block a scenario, a paragraph a candidate, and a last
 * line that says whether the gate passes. Recorded text is escaped. Ends in a line feed.
 */
export function renderVerdicts(reports: readonly ScenarioReport[], options: RenderVerdictsOptions): string {
  const paint = createPaint(options.color)
  const { width = Number.POSITIVE_INFINITY } = options
  const blocks = reports.map((report) => [...scenarioLines(report, Math.min(WIDTH, width), paint), ''])
  const lines = [...blocks.flat(), lastLine(reports, options, paint)]
  return joinLines(lines.flatMap((line) => breakLine(line, width)))
}

function scenarioLines(report: ScenarioReport, end: number, paint: Paint): string[] {
  const { id, title, file, seed, seeded, baseline, candidates } = report
  const name = escapeTerminal(id, 64)
  const drawn = seeded ? ` · seed ${escapeTerminal(seed, 40)}` : ''
  const status = `${BASELINE_WORDS[baseline.verdict]} ${escapeTerminal(baseline.agent, 80)}${drawn}`
  const gap = ' '.repeat(Math.max(2, end - name.length - status.length))
  const isRed = baseline.verdict === 'reproduced'
  const lines = [`${paint('bold', name)}${gap}${paint(isRed ? 'dim' : 'yellow', status)}`]
  const isPlain = isRed && candidates.length > 0 && candidates.every(({ gate }) => gate === 'pass')
  if (!isPlain) lines.push(paint('dim', `  ${escapeTerminal(title, 100)} · ${escapeTerminal(file, 200)}`))
  if (!isRed) lines.push(...baselineLines(baseline))
  if (candidates.length === 0) lines.push(`  ${paint('yellow', '?')} no candidate ran, so nothing is proved`)
  const width = Math.max(0, ...candidates.map((candidate) => escapeTerminal(candidate.id, 64).length))
  return [...lines, ...candidates.flatMap((candidate) => candidateLines(candidate, baseline, width, paint))]
}

function baselineLines({ evidence, reasons, recording }: BaselineReport): string[] {
  const lines = reasons.map(({ code, message }) => `${escapeTerminal(message, 300)}  [${escapeTerminal(code, 40)}]`)
  const replay = recording === null ? [] : [`replay    ${escapeTerminal(recording, 200)}`]
  return [describeEvidence(evidence), ...lines, ...replay].map((line) => `      ${line}`)
}

function lastLine(reports: readonly ScenarioReport[], summary: ReportSummary, paint: Paint): string {
  const { scenarios, candidates, assumptions, gates } = countReports(reports)
  const gate = overallGate(reports, summary.exit_code)
  const walls = commonIsolation(reports)
  const isolation = walls === undefined ? [] : [`isolation: ${walls}`]
  const time = summary.duration_ms === undefined ? [] : [formatMs(summary.duration_ms)]
  const counted = [
    pluralize(scenarios, 'scenario'),
    pluralize(candidates, 'candidate'),
    pluralize(assumptions, 'assumption'),
  ]
  const trouble = [
    [gates.fail - brokenOf(reports), 'failed'],
    [brokenOf(reports), 'broken'],
    [gates.inconclusive, 'inconclusive'],
  ] as const
  const counts = trouble.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  const notes = [...(counts.length > 0 ? [counts.join(', ')] : []), ...(candidates === 0 ? ['nothing ran'] : [])]
  if (summary.untried) notes.push(`${summary.untried} not tried`)
  const color = gate === 'pass' ? 'green' : gate === 'inconclusive' ? 'yellow' : 'red'
  return [`${paint(color, `gate ${gate}`)}`, ...notes, counted.join(', '), ...isolation, ...time].join(' · ')
}

/** Candidates that failed their gate because something broke. */
function brokenOf(reports: readonly ScenarioReport[]): number {
  return reports
    .flatMap((report) => report.candidates)
    .filter(({ verdict, gate }) => verdict === 'error' && gate === 'fail').length
}
