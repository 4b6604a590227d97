import type { RunTrace, Span } from '../model/trace.ts'

/** A span with its place in the timeline. */
export interface TimelineEntry {
  /** Line of the timeline, from 1. */
  line: number
  depth: number
  span: Span
}

/** The spans of a run by start, each followed by the spans within it. A circle of parents is opened at its first span. */
export function orderTimeline(trace: RunTrace): TimelineEntry[] {
  const spans = trace.spans.toSorted((a, b) => a.started_at_ms - b.started_at_ms)
  const ids = new Set(spans.map((span) => span.span_id))
  const children = new Map<string, Span[]>()
  const roots: Span[] = []
  for (const span of spans) {
    const siblings = span.parent_id === null ? undefined : children.get(span.parent_id)
    if (span.parent_id === null || !ids.has(span.parent_id)) roots.push(span)
    else if (siblings === undefined) children.set(span.parent_id, [span])
    else siblings.push(span)
  }
  const entries: TimelineEntry[] = []
  const seen = new Set<Span>()
  // The circles come last: by then every span that can be reached from a root has been.
  for (const root of [...roots, ...spans]) {
    const stack: { span: Span; depth: number }[] = [{ span: root, depth: 0 }]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { span, depth } = next
      if (seen.has(span)) continue
      seen.add(span)
      entries.push({ line: entries.length + 1, depth, span })
      for (const child of (children.get(span.span_id) ?? []).toReversed()) stack.push({ span: child, depth: depth + 1 })
    }
  }
  return entries
}

/** Spans above which a timeline is collapsed. */
const MOST_LINES = 40

/** The entries to show: all of a short run; of a long one both ends, the errors, and what is around the spans that matter. */
export function selectEntries(entries: readonly TimelineEntry[], matter: readonly (Span | null)[]): TimelineEntry[] {
  if (entries.length <= MOST_LINES) return [...entries]
  const shown = new Set<number>()
  const show = (from: number, to: number) => {
    for (let i = Math.max(0, from); i <= Math.min(entries.length - 1, to); i++) shown.add(i)
  }
  show(0, 7)
  show(entries.length - 8, entries.length - 1)
  for (const span of matter) {
    const at = entries.findIndex((entry) => entry.span === span)
    if (at >= 0) show(at - 2, at + 2)
  }
  let errors = 0
  for (const [i, { span }] of entries.entries()) if (span.status === 'error' && errors++ < 10) shown.add(i)
  return entries.filter((_, i) => shown.has(i))
}
