import type { RunTrace, Span } from '../../model/trace.ts'
import { ancestorsOf, indexSpans, ownSpans } from '../span-tree.ts'
import { classOf } from './error-class.ts'
import { firstErrorSpan } from './first-error-span.ts'

/**
 * The id of the first error span, and how many of the other error spans merely followed from it as far as a trace can
 * say: they are of the same tool, model or address, or of the same class, or stand around or within it.
 *
 * Source: spans (`status`, `name`, `error_class`, `parent_id`). Unit: spans. OTel: span status, `error.type`, parent span id.
 */
export function errorCascade(trace: RunTrace): { first: string | null; followed: number } {
  const first = firstErrorSpan(trace)
  if (first === null) return { first: null, followed: 0 }
  const byId = indexSpans(trace)
  const around = ancestorsOf(first, byId)
  const follows = (span: Span) =>
    (span.step_type === first.step_type && span.name === first.name) ||
    sharesClass(span, first) ||
    around.includes(span) ||
    ancestorsOf(span, byId).includes(first)
  const others = ownSpans(trace).filter((span) => span.status === 'error' && span !== first)
  return { first: first.span_id, followed: others.filter(follows).length }
}

/** Two errors of which nothing is known are not of one class. */
function sharesClass(a: Span, b: Span): boolean {
  return classOf(a) !== 'unknown' && classOf(a) === classOf(b)
}
