import { formatMs } from '../core/format-ms.ts'
import { escapeTerminal } from './terminal-text.ts'

/** What the one-line summary of a run is made of; spans may lack any field. */
export interface RowSource {
  run_id: string
  first_error_span: object | null
  slowest_span: object | null
  stop_reason: unknown
  /** Codes of the hypotheses. */
  conclusion: readonly string[]
}

/** A run as a Markdown table of one row, to be pasted into a ticket or a pull request. */
export function renderRow(source: RowSource): string[] {
  const slowest = source.slowest_span as SpanFields | null
  const latency = typeof slowest?.latency_ms === 'number' ? ` ${formatMs(slowest.latency_ms)}` : ''
  const cells = [
    source.run_id,
    describe(source.first_error_span, true),
    slowest === null ? 'none' : `${describe(slowest, false)}${latency}`,
    String(source.stop_reason),
    source.conclusion.length === 0 ? 'no hypothesis' : source.conclusion.join(', '),
  ]
  return [
    '| Run | first_error_span | slowest_span | stop_reason | Conclusion |',
    '|---|---|---|---|---|',
    `| ${cells.map(escapeCell).join(' | ')} |`,
  ]
}

interface SpanFields {
  span_id?: unknown
  step_type?: unknown
  name?: unknown
  tool?: unknown
  error_class?: unknown
  latency_ms?: unknown
}

function describe(span: SpanFields | null, withClass: boolean): string {
  if (span === null) return 'none'
  const { step_type, name, tool, span_id, error_class } = span
  const parts = [step_type, name ?? tool ?? span_id].filter((part) => part !== undefined && part !== null)
  const text = parts.length === 0 ? 'unnamed span' : parts.map(String).join(' ')
  return withClass && typeof error_class === 'string' ? `${text} (${error_class})` : text
}

/** Text that stays text in a Markdown table cell. */
function escapeCell(text: string): string {
  // Escaping goes last: the visible escapes of the terminal have a backslash of their own to keep.
  return escapeTerminal(text, 160).replace(/[\\|<>[\]`*~]/g, '\\$&')
}
