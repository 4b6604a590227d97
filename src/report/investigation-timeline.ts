import { formatMs } from '../core/format-ms.ts'
import { OTEL } from '../model/gen-ai.ts'
import type { Signals } from '../model/signal.ts'
import type { RunTrace, Span } from '../model/trace.ts'
import { orderTimeline, selectEntries, type TimelineEntry } from './investigation-order.ts'
import { escapeTerminal, fitText, type Paint } from './terminal-text.ts'

const DEEPEST = 6

/** False for a run of which only the order of its steps is known. */
export function hasTimes({ context, latency_ms, spans }: RunTrace): boolean {
  return context.started_at !== 0 || latency_ms > 0 || spans.some((span) => span.latency_ms > 0)
}

/** The line of the timeline that each span stands on. */
export function linesOfSpans(trace: RunTrace): Map<string, TimelineEntry> {
  return new Map(orderTimeline(trace).map((entry) => [entry.span.span_id, entry]))
}

/**
 * The timeline of a run, one line a span: number, offset from the start, latency, step, name, and how it ended.
 *
 * @param details Lines to stand under that of a span.
 */
export function renderTimeline(
  trace: RunTrace,
  signals: Signals,
  paint: Paint,
  width: number,
  details: ReadonlyMap<string, readonly string[]> = new Map(),
): string[] {
  const entries = orderTimeline(trace)
  if (entries.length === 0) return ['  (no spans)']
  const shown = selectEntries(entries, [signals.first_error_span, signals.slowest_span])
  const columns = { line: String(entries.length).length, name: nameWidth(shown, width) }
  const lines = [paint('dim', `  ${'#'.padStart(columns.line)}      offset     latency  step          name`)]
  let last = 0
  for (const entry of shown) {
    if (entry.line > last + 1) lines.push(paint('dim', `    … ${describeGap(entries.slice(last, entry.line - 1))}`))
    last = entry.line
    lines.push(renderEntry(entry, trace, signals, paint, columns), ...(details.get(entry.span.span_id) ?? []))
  }
  return lines
}

function renderEntry(
  { line, depth, span }: TimelineEntry,
  trace: RunTrace,
  signals: Signals,
  paint: Paint,
  columns: { line: number; name: number },
): string {
  const timed = hasTimes(trace)
  const offset = timed ? formatMs(span.started_at_ms - trace.context.started_at) : '–'
  const latency = timed ? formatMs(span.latency_ms) : '–'
  const name = indentName(span, depth)
  const marks = [
    ...(span.span_id === signals.first_error_span?.span_id ? ['◀ first error'] : []),
    ...(timed && span.span_id === signals.slowest_span?.span_id ? ['◀ slowest'] : []),
  ]
  const cells = [
    `  ${String(line).padStart(columns.line)}`,
    `${offset.padStart(11)}`,
    `${latency.padStart(11)}`,
    ` ${span.step_type.padEnd(12)}`,
    ` ${fitText(name, columns.name).padEnd(columns.name)}`,
    ` ${renderOutcome(span, paint)}`,
    ...renderSpans(span, paint),
    ...marks.map((mark) => ` ${paint('cyan', mark)}`),
  ]
  return cells.join(' ').trimEnd()
}

function renderOutcome(span: Span, paint: Paint): string {
  const retries = span.attributes[OTEL.retries]
  const http = span.attributes[OTEL.httpStatus]
  const failed = ['error', ...(span.error_class === null ? [] : [escapeTerminal(span.error_class, 40)])]
  if (typeof http === 'number') failed.push(`(HTTP ${http})`)
  const outcome = span.status === 'error' ? paint('red', failed.join(' ')) : 'ok'
  if (typeof retries !== 'number' || retries <= 0) return outcome
  return `${outcome} ${paint('yellow', `${retries} ${retries === 1 ? 'retry' : 'retries'}`)}`
}

/** The spans around a call, where they have names: `in invoke_agent triage › plan`. */
function renderSpans({ attributes }: Span, paint: Paint): string[] {
  const spans = attributes[OTEL.spans]
  if (!Array.isArray(spans) || spans.length === 0) return []
  return [` ${paint('dim', `in ${spans.map((name) => escapeTerminal(String(name), 40)).join(' › ')}`)}`]
}

function indentName(span: Span, depth: number): string {
  return (depth === 0 ? '' : `${'  '.repeat(Math.min(depth, DEEPEST) - 1)}└ `) + escapeTerminal(span.name, 48)
}

function nameWidth(shown: readonly TimelineEntry[], width: number): number {
  const widest = Math.max(...shown.map(({ span, depth }) => indentName(span, depth).length))
  return Math.min(widest, Math.max(16, width - 62))
}

/** `12 spans not shown: 7 llm_generate, 5 tool_call, 2 with error`. */
function describeGap(hidden: readonly TimelineEntry[]): string {
  const kinds = new Map<string, number>()
  for (const { span } of hidden) kinds.set(span.step_type, (kinds.get(span.step_type) ?? 0) + 1)
  const errors = hidden.filter(({ span }) => span.status === 'error').length
  const list = [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ')
  return `${hidden.length} span${hidden.length === 1 ? '' : 's'} not shown: ${list}${errors > 0 ? `, ${errors} with error` : ''}`
}
