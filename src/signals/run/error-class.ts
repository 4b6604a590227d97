import { OTEL } from '../../model/gen-ai.ts'
import type { RunTrace, Span } from '../../model/trace.ts'
import { firstErrorSpan } from './first-error-span.ts'

/**
 * The class of the first error span (`timeout`, `rate_limit`, …); null without an error.
 *
 * Source: spans (`error_class`). OTel: `error.type`.
 */
export function errorClass(trace: RunTrace): string | null {
  const span = firstErrorSpan(trace)
  return span === null ? null : classOf(span)
}

/** The class of an error span; `unknown` when nothing says which. */
export function classOf(span: Span): string {
  const type = span.attributes[OTEL.errorType]
  return span.error_class ?? (typeof type === 'string' ? type : 'unknown')
}
