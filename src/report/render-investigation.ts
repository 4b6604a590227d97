import { formatMs } from '../core/format-ms.ts'
import { GEN_AI } from '../model/gen-ai.ts'
import type { Integrity, Note } from '../model/recording.ts'
import type { Hypothesis, Segment, Signals } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import { renderHypotheses } from './investigation-hypotheses.ts'
import { detailsOfSpans } from './investigation-messages.ts'
import { renderRow } from './investigation-row.ts'
import { renderSignals } from './investigation-signals.ts'
import { hasTimes, linesOfSpans, renderTimeline } from './investigation-timeline.ts'
import { createPaint, escapeTerminal, escapeValue, joinLines, type Paint } from './terminal-text.ts'

/** A run and what was found out about it. */
export interface Investigation {
  trace: RunTrace
  /** What the trace was narrowed to, if it was. */
  segment?: Segment | undefined
  signals: Signals
  hypotheses: readonly Hypothesis[]
  integrity: Integrity
  notes: readonly Note[]
  /** The file that the run was read from. */
  file: string
  /** Whether to show what was said and done in each step. @default false */
  messages?: boolean | undefined
}

export interface RenderOptions {
  color: boolean
  /** Columns of the terminal. @default 100 */
  width?: number | undefined
}

const INTEGRITY: Record<Exclude<Integrity, 'sealed'>, string> = {
  unsealed:
    'unsealed: every line is good, but the recording was never closed; it can be debugged, it cannot prove a fix',
  torn: 'torn: the last line is incomplete; it can be debugged, it cannot prove a fix',
}

/**
 * Renders a run as a short investigation for a terminal: context, timeline, signals, hypotheses with their evidence and
 * what to check next, and the run as one row of a Markdown table.
 *
 * All recorded text is escaped: the result holds printable characters, line feeds and our own colours only, and no
 * line that a CI system reads as a command.
 */
export function renderInvestigation(investigation: Investigation, options: RenderOptions): string {
  const { trace, signals, hypotheses, notes } = investigation
  const paint = createPaint(options.color)
  const width = Math.max(60, options.width ?? 100)
  const lines = linesOfSpans(trace)
  const details = investigation.messages === true ? detailsOfSpans(trace, paint, width) : undefined
  const section = (title: string, body: string[]) => (body.length === 0 ? [] : ['', paint('bold', title), ...body])
  const all = [
    ...renderContext(investigation, paint),
    ...section('Timeline', renderTimeline(trace, signals, paint, width, details)),
    ...section('Signals', alignRows(renderSignals(signals, lines, paint, hasTimes(trace)), paint)),
    ...section('Hypotheses (guesses to test by a replay)', renderHypotheses(hypotheses, lines, paint, width)),
    ...section('Notes of the recording', renderNotes(notes)),
    '',
    ...renderRow({ run_id: trace.context.run_id, ...signals, conclusion: hypotheses.map(({ code }) => code) }),
  ]
  return joinLines(all)
}

function renderContext(investigation: Investigation, paint: Paint): string[] {
  const { trace, signals, hypotheses, integrity, file } = investigation
  const { run_id, release, workflow, agent, started_at } = trace.context
  const labels = [
    ['release', release],
    ['workflow', workflow],
    ['agent', agent],
  ].flatMap(([label, value]) => (value === undefined ? [] : [`${label} ${escapeTerminal(value, 60)}`]))
  const models = modelsOf(trace)
  const ended = trace.finished
    ? `ended with ${escapeTerminal(signals.stop_reason, 60)}`
    : 'the recording ends before the run did'
  const rows: [string, string][] = [
    ...renderSegment(investigation.segment),
    ...(models.length === 0 ? [] : [['model', models.join(', ')] as [string, string]]),
    [
      'started',
      `${formatDate(started_at)}, took ${hasTimes(trace) ? formatMs(trace.latency_ms) : 'an unknown time'}, ${ended}`,
    ],
    ['input', escapeValue(trace.input, 160)],
    ['output', escapeValue(trace.output, 160)],
    ...(hypotheses.length === 0
      ? []
      : [['points to', hypotheses.map(({ code }) => escapeTerminal(code, 60)).join(', ')] as [string, string]]),
    ['file', escapeTerminal(file, 300)],
    ...(integrity === 'sealed' ? [] : [['integrity', paint('yellow', INTEGRITY[integrity])] as [string, string]]),
  ]
  return [[paint('bold', escapeTerminal(run_id, 80)), ...labels].join(' · '), ...alignRows(rows, paint)]
}

function renderSegment(segment: Segment = {}): [string, string][] {
  const named = Object.entries(segment).map(([key, value]) => `${key} ${escapeTerminal(String(value), 60)}`)
  return named.length === 0 ? [] : [['only', `${named.join(', ')}; the rest of the run is left out`]]
}

/** The models that were asked, each with those that answered in its name. */
function modelsOf(trace: RunTrace): string[] {
  const models = new Map<string, Set<string>>()
  for (const span of trace.spans.filter(({ step_type }) => step_type === 'llm_generate')) {
    const [asked, answered] = [span.attributes[GEN_AI.requestModel], span.attributes[GEN_AI.responseModel]]
    const name = typeof asked === 'string' ? asked : span.name
    const answers = models.get(name) ?? new Set()
    if (typeof answered === 'string' && answered !== name) answers.add(escapeTerminal(answered, 60))
    models.set(name, answers)
  }
  const named = [...models].map(([name, answers]) => {
    const by = answers.size === 0 ? '' : ` (answered by ${[...answers].slice(0, 4).join(', ')})`
    return escapeTerminal(name, 60) + by
  })
  return named.length > 6 ? [...named.slice(0, 6), `${named.length - 6} more`] : named
}

function renderNotes(all: readonly Note[]): string[] {
  // An imported trace has a note for each span; they are the timeline.
  const notes = all.filter(({ code }) => code !== 'span')
  const shown = notes
    .slice(0, 10)
    .map(
      ({ at_ms, code, message }) => `  ${formatMs(at_ms)} ${escapeTerminal(code, 40)}: ${escapeTerminal(message, 200)}`,
    )
  return notes.length > 10 ? [...shown, `  … and ${notes.length - 10} more`] : shown
}

function alignRows(rows: readonly (readonly [string, string])[], paint: Paint): string[] {
  const width = Math.max(...rows.map(([label]) => label.length))
  return rows.map(([label, value]) => `  ${paint('dim', label.padEnd(width))}  ${value}`)
}

function formatDate(ms: number): string {
  const date = new Date(ms)
  // Imported runs may not tell: their time is 0 then.
  return ms === 0 || Number.isNaN(date.getTime()) || ms === 0 ? 'at an unknown time' : date.toISOString()
}
