import { formatMs } from '../core/format-ms.ts'
import type { Signals } from '../model/signal.ts'
import type { Span } from '../model/trace.ts'
import type { TimelineEntry } from './investigation-order.ts'
import { escapeTerminal, type Paint } from './terminal-text.ts'

/** `search ×3, fetch ×1`, most first; at most eight. */
export function renderCounts(counts: Record<string, number>): string {
  const entries = Object.entries(counts).toSorted(([, a], [, b]) => b - a)
  const shown = entries.slice(0, 8).map(([name, count]) => `${escapeTerminal(name, 48)} ×${count}`)
  if (entries.length > 8) shown.push(`${entries.length - 8} more`)
  return shown.join(', ')
}

/** `1 call`, `2 calls`. */
function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** `#4 tool_call search_docs`. */
function renderPointer(span: Span, lines: ReadonlyMap<string, TimelineEntry>): string {
  const line = lines.get(span.span_id)?.line
  return `${line === undefined ? '' : `#${line} `}${span.step_type} ${escapeTerminal(span.name, 48)}`
}

/**
 * The signals of a run, one a line; counts that are zero are named together at the end.
 *
 * @param timed False when only the order of the steps is known.
 */
export function renderSignals(
  signals: Signals,
  lines: ReadonlyMap<string, TimelineEntry>,
  paint: Paint,
  timed = true,
): [name: string, value: string][] {
  const { first_error_span: first, slowest_span: slowest } = signals
  const rows: [string, string][] = [
    [
      'first_error_span',
      first === null
        ? 'none (most runs that go wrong have none either: the answers are the next place to look)'
        : `${renderPointer(first, lines)} ${paint('red', escapeTerminal(signals.error_class ?? 'unknown', 40))} (a pointer, not the cause)`,
    ],
    [
      'slowest_span',
      !timed
        ? 'not known: the source tells no times'
        : slowest === null
          ? 'none'
          : `${renderPointer(slowest, lines)} ${formatMs(slowest.latency_ms)}`,
    ],
    ['stop_reason', escapeTerminal(signals.stop_reason, 60)],
  ]
  const zero: string[] = []
  for (const [name, value] of countRows(signals)) {
    if (value === '') zero.push(name)
    else rows.push([name, value])
  }
  rows.push([
    'totals',
    `${count(signals.steps, 'step')}, ${count(signals.llm_calls, 'model call')}, ${count(signals.tool_calls, 'tool call')}, ` +
      `${signals.input_tokens} tokens in, ${signals.output_tokens} out${timed ? `, ${formatMs(signals.run_latency_ms)}` : ''}`,
  ])
  if (zero.length > 0) rows.push(['none of', paint('dim', zero.join(', '))])
  return rows
}

/** The counting signals; an empty value means zero. */
function countRows(signals: Signals): [name: string, value: string][] {
  const number = (value: number, unit: string) => (value > 0 ? `${value}${unit}` : '')
  const { followed } = signals.error_cascade
  const { loop_length: loop, context_growth: growth } = signals
  return [
    ['error_classes', renderCounts(signals.error_classes)],
    [
      'error_cascade',
      followed > 0 ? `${count(followed, 'other error')} close to the first: same tool or class, or nested` : '',
    ],
    ['repeated_tool_calls', renderCounts(signals.repeated_tool_calls)],
    ['repeated_same_result', renderCounts(signals.repeated_same_result)],
    ['loop_length', loop > 0 ? `a cycle of ${count(loop, 'call')}, at least twice in a row` : ''],
    ['retries', renderCounts(signals.retries)],
    ['truncated_answers', number(signals.truncated_answers, '')],
    ['malformed_tool_arguments', number(signals.malformed_tool_arguments, '')],
    ['unknown_tools', number(signals.unknown_tools, '')],
    ['context_growth', growth > 1 ? `×${Math.round(growth * 10) / 10} messages` : ''],
  ]
}
