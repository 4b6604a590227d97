import type { JsonValue } from '../../core/json.ts'
import { OTEL } from '../../model/gen-ai.ts'
import type { Trigger } from '../../model/incident.ts'
import type { Span } from '../../model/trace.ts'
import { compilePattern } from './compile-pattern.ts'
import { matchesSelector, resultText } from './match-span.ts'

/**
 * How often the world did what the trigger says, over some spans. A span whose client retried stands for several
 * attempts, and each failed attempt is an act of the world: `retries + 1` when the last one failed as well, `retries`
 * when it succeeded in the end.
 *
 * A condition on the result counts final answers only, because the answers of earlier attempts are not on the span.
 * Where the class of the earlier failures is not known (`error.type` of a span that is ok), they count for `any` only:
 * an overcounted trigger could make an unexercised fix look proved.
 *
 * @throws RetrialError `ERR_VERIFY_PATTERN`
 */
export function countTrigger(trigger: Trigger, spans: readonly Span[]): number {
  const pattern = trigger.result === undefined ? undefined : compilePattern(trigger.result.matches)
  let count = 0
  for (const span of spans) {
    if (!matchesSelector(span, trigger.span)) continue
    if (pattern === undefined) count += countAttempts(trigger.error_class, span)
    else if (hasClass(trigger.error_class, span) && pattern.test(resultText(span) ?? '')) count += 1
  }
  return count
}

function countAttempts(errorClass: string | undefined, span: Span): number {
  const retries = retriesOf(span)
  if (errorClass === undefined || hasClass(errorClass, span)) return retries + 1
  if (span.status === 'error') return 0
  return errorClass === 'any' || span.attributes[OTEL.errorType] === errorClass ? retries : 0
}

function hasClass(errorClass: string | undefined, span: Span): boolean {
  if (errorClass === undefined) return true
  return span.status === 'error' && (errorClass === 'any' || classOf(span) === errorClass)
}

/** The same class that the signals count: the span's own, else the one of its attributes. */
function classOf(span: Span): JsonValue | undefined {
  return span.error_class ?? span.attributes[OTEL.errorType] ?? 'unknown'
}

function retriesOf(span: Span): number {
  const retries = span.attributes[OTEL.retries]
  return typeof retries === 'number' && Number.isSafeInteger(retries) && retries > 0 ? retries : 0
}
