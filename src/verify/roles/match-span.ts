import { canonicalJson } from '../../core/canonical-json.ts'
import { isJsonObject, type JsonValue, parseJson } from '../../core/json.ts'
import { GEN_AI } from '../../model/gen-ai.ts'
import type { Span } from '../../model/trace.ts'

/** True when a span is of the selector's step type and, where the selector has one, of its name. */
export function matchesSelector(span: Span, selector: string): boolean {
  const colon = selector.indexOf(':')
  if (colon === -1) return span.step_type === selector
  return span.step_type === selector.slice(0, colon) && span.name === selector.slice(colon + 1)
}

const RESULT_KEY = /(^|[._])(result|output|answer|completion|content|text|body|output[._]messages)$/
const REQUEST_KEY = /(^|[._])(request|input|arguments|system_instructions)([._]|$)/

/**
 * The result of a span as text: the tool result, else every string attribute that holds an answer, one a line.
 * Undefined when the span holds none.
 */
export function resultText(span: Span): string | undefined {
  const toolResult = span.attributes[GEN_AI.toolResult]
  if (toolResult !== undefined && toolResult !== null) return asText(toolResult)
  const texts = Object.entries(span.attributes)
    .filter(([key, value]) => typeof value === 'string' && RESULT_KEY.test(key) && !REQUEST_KEY.test(key))
    .map(([, value]) => value as string)
  return texts.length === 0 ? undefined : texts.join('\n')
}

/** The arguments of a tool call as canonical JSON, as far as they are JSON; undefined for a span without any. */
export function argumentsText(span: Span): string | undefined {
  const given = span.attributes[GEN_AI.toolArguments]
  if (given === undefined) return undefined
  const value = typeof given === 'string' ? (parseJson(given) ?? given) : given
  return typeof value === 'string' ? value : canonicalJson(value)
}

/** A JSON value as text: a string as it is, anything else as JSON. */
export function asText(value: JsonValue): string {
  if (typeof value === 'string') return value
  return isJsonObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value)
}
