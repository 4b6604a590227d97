import { OTEL } from '../model/gen-ai.ts'
import type { Span } from '../model/trace.ts'

/**
 * Counts, per name of a span, the requests that were made again in vain: retries that failed in the end, and requests of one tool call
 * that are equal and all got the same. A request with a body is told apart from others by no attribute, and is left out of the latter.
 */
export function countVainRetries(spans: readonly Span[]): Record<string, number> {
  const counts: Record<string, number> = Object.create(null)
  for (const span of spans) {
    const count = countRetries(span) + (span.step_type === 'tool_call' ? countRepeats(span, spans) : 0)
    if (count > 0) counts[span.name] = (counts[span.name] ?? 0) + count
  }
  return counts
}

function countRetries({ status, attributes }: Span): number {
  const retries = attributes[OTEL.retries]
  return status === 'error' && typeof retries === 'number' ? retries : 0
}

function countRepeats({ span_id }: Span, spans: readonly Span[]): number {
  const answers = new Map<string, string[]>()
  for (const { parent_id, step_type, status, attributes } of spans) {
    if (parent_id !== span_id || step_type !== 'http_request' || status === 'error') continue
    if (attributes[OTEL.requestBytes] !== 0) continue
    const asked = JSON.stringify([attributes[OTEL.httpMethod], attributes[OTEL.url]])
    const answer = JSON.stringify([attributes[OTEL.httpStatus], attributes[OTEL.responseBody] ?? null])
    answers.set(asked, [...(answers.get(asked) ?? []), answer])
  }
  // Where the last answer is another one, somebody has waited for it.
  return [...answers.values()].filter((got) => new Set(got).size === 1).reduce((sum, { length }) => sum + length - 1, 0)
}
