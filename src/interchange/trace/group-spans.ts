import type { SpanGroup } from './import-spans.ts'
import type { RawSpan } from './raw-span.ts'
import { readSpan } from './read-span.ts'

/** The spans of each trace, in order of first appearance; a span that stands twice in the file is taken once. */
export function groupSpans(spans: readonly RawSpan[]): SpanGroup[] {
  const traces = new Map<string, Map<string, RawSpan>>()
  for (const [index, span] of spans.entries()) {
    const trace = traces.get(span.trace_id) ?? new Map<string, RawSpan>()
    traces.set(span.trace_id, trace)
    const id = span.span_id === '' ? `s${index + 1}` : span.span_id
    if (!trace.has(id)) trace.set(id, { ...span, span_id: id })
  }
  return [...traces].map(([source_id, trace]) => ({ source_id, spans: [...trace.values()].map(readSpan) }))
}
