import type { JsonValue } from '../../core/json.ts'
import { OTEL } from '../../model/gen-ai.ts'
import type { Trigger } from '../../model/incident.ts'
import type { Span } from '../../model/trace.ts'
import { compilePattern } from './compile-pattern.ts'
import { argumentsText, matchesSelector, resultText } from './match-span.ts'

/**
 * How often the world did what the trigger says, over some spans. A span whose client retried stands for several
 * attempts, and each failed attempt is an act of the world: `retries + 1` when the last one failed as well, `retries`
 * when it succeeded in the end.
 *
 * The classes of the earlier failures are read from `retrial.attempt_errors`. A span without it (an imported one) has
 * its retries counted under its own error class; when it succeeded in the end and names no class, they count for `any`
 * only, because an overcounted trigger could make an unexercised fix look proved. For the same reason a condition on the
 * result counts final answers only: the answers of earlier attempts are not on the span.
 *
 * @throws RetrialError `ERR_VERIFY_PATTERN`
 */
export function countTrigger(trigger: Trigger, spans: readonly Span[]): number {
  const { error_class, arguments: asked, result } = trigger
  const pattern = result === undefined ? undefined : compilePattern(result.matches)
  const question = asked === undefined ? undefined : compilePattern(asked.matches)
  let count = 0
  for (const span of spans) {
    if (!matchesSelector(span, trigger.span)) continue
    const args = question && argumentsText(span)
    if (question !== undefined && (args === undefined || !question.test(args))) continue
    const last = error_class === undefined || (span.status === 'error' && isOf(error_class, classOf(span))) ? 1 : 0
    if (pattern === undefined) count += last + countEarlier(error_class, span)
    else if (pattern.test(resultText(span) ?? '')) count += last
  }
  return count
}

/** Whether a span shows the trigger. A trigger that cannot be evaluated is told of by the verdict. */
export function showsTrigger(trigger: Trigger, span: Span): boolean {
  try {
    return countTrigger(trigger, [span]) > 0
  } catch {
    return false
  }
}

/** Failed attempts before the last one. */
function countEarlier(errorClass: string | undefined, span: Span): number {
  const classes = span.attributes[OTEL.attemptErrors]
  if (errorClass !== undefined && Array.isArray(classes)) return classes.filter((one) => isOf(errorClass, one)).length
  const own = span.status === 'error' ? classOf(span) : span.attributes[OTEL.errorType]
  return errorClass === undefined || isOf(errorClass, own) ? retriesOf(span) : 0
}

function isOf(wanted: string, errorClass: JsonValue | undefined): boolean {
  return wanted === 'any' || errorClass === wanted
}

/** The same class that the signals count: the span's own, else the one of its attributes. */
function classOf(span: Span): JsonValue {
  return span.error_class ?? span.attributes[OTEL.errorType] ?? 'unknown'
}

function retriesOf(span: Span): number {
  const retries = span.attributes[OTEL.retries]
  return typeof retries === 'number' && Number.isSafeInteger(retries) && retries > 0 ? retries : 0
}
