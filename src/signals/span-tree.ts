import type { JsonValue } from '../core/json.ts'
import { OTEL } from '../model/gen-ai.ts'
import type { RunTrace, Span } from '../model/trace.ts'
import { sortByStart } from './span-like.ts'

/** The spans around a span, innermost first. A circle of parents (only a damaged import has one) ends the walk. */
export function ancestorsOf(span: Span, byId: ReadonlyMap<string, Span>): Span[] {
  const ancestors: Span[] = []
  const seen = new Set([span.span_id])
  let parent = span.parent_id === null ? undefined : byId.get(span.parent_id)
  while (parent !== undefined && !seen.has(parent.span_id)) {
    seen.add(parent.span_id)
    ancestors.push(parent)
    parent = parent.parent_id === null ? undefined : byId.get(parent.parent_id)
  }
  return ancestors
}

/**
 * The spans of a run but for those within a wrapped function: its own outcome is what counts, as a replay may stand in for it and then
 * does nothing within.
 */
export function ownSpans(trace: RunTrace): Span[] {
  return trace.spans.filter((span) => readAttribute(span, OTEL.within) === undefined)
}

/** Spans by their id. */
export function indexSpans(trace: RunTrace): Map<string, Span> {
  return new Map(trace.spans.map((span) => [span.span_id, span]))
}

/**
 * The model calls of a run by start, each once: a wrapped model function and the request that it makes within are one
 * call, of which the outer span counts. With an attribute key, the outermost span that has the attribute counts.
 */
export function modelCalls(trace: RunTrace, attribute?: string): Span[] {
  const byId = indexSpans(trace)
  const counts = (span: Span) =>
    span.step_type === 'llm_generate' && (attribute === undefined || readAttribute(span, attribute) !== undefined)
  return sortByStart(trace.spans).filter((span) => counts(span) && !ancestorsOf(span, byId).some(counts))
}

/** An attribute of a span; a null counts as missing. */
export function readAttribute(span: Span, key: string): Exclude<JsonValue, null> | undefined {
  return span.attributes[key] ?? undefined
}

/** Sum of a numeric attribute over the model calls of a run; 0 when none has it. */
export function sumOverModelCalls(trace: RunTrace, attribute: string): number {
  let sum = 0
  for (const span of modelCalls(trace, attribute)) {
    const value = readAttribute(span, attribute)
    if (typeof value === 'number') sum += value
  }
  return sum
}
