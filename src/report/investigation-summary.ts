import { renderHypotheses, type ShownHypothesis } from './investigation-hypotheses.ts'
import { renderRow } from './investigation-row.ts'
import { renderCounts } from './investigation-signals.ts'
import type { RenderOptions } from './render-investigation.ts'
import { createPaint, escapeTerminal, escapeValue, joinLines } from './terminal-text.ts'

/** A run that was debugged from plain spans and log events. */
export interface DebugSummary {
  run_id: string
  first_error_span: object | null
  slowest_span: object | null
  stop_reason: unknown
  repeated_tool_calls: Record<string, number>
  hypotheses: readonly ShownHypothesis[]
}

/** Renders what plain spans and log events say about a run; the short sister of `renderInvestigation`. */
export function renderSummary(summary: DebugSummary, options: RenderOptions): string {
  const paint = createPaint(options.color)
  const repeated = renderCounts(summary.repeated_tool_calls)
  const rows: [string, string][] = [
    ['first_error_span', summary.first_error_span === null ? 'none' : escapeValue(summary.first_error_span, 300)],
    ['slowest_span', summary.slowest_span === null ? 'none' : escapeValue(summary.slowest_span, 300)],
    ['stop_reason', escapeValue(summary.stop_reason, 60)],
    ['repeated_tool_calls', repeated === '' ? 'none' : repeated],
  ]
  const lines = [
    paint('bold', escapeTerminal(summary.run_id, 80)),
    ...rows.map(([label, value]) => `  ${paint('dim', label.padEnd(19))}  ${value}`),
    '',
    paint('bold', 'Hypotheses (guesses to test by a replay)'),
    ...renderHypotheses(summary.hypotheses, new Map(), paint, Math.max(60, options.width ?? 100)),
    '',
    ...renderRow({ ...summary, conclusion: summary.hypotheses.map(({ code }) => code) }),
  ]
  return joinLines(lines)
}
