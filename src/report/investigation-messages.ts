import { isJsonObject, type JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { RunTrace, Span } from '../model/trace.ts'
import { escapeTerminal, type Paint } from './terminal-text.ts'

/** Messages shown for one request: the newest, since those before them were shown with earlier requests. */
const MOST_MESSAGES = 6

/** What was said and done in each step: lines to stand under the step's line of the timeline, by span. */
export function detailsOfSpans(trace: RunTrace, paint: Paint, width: number): Map<string, string[]> {
  const details = new Map<string, string[]>()
  let before: JsonValue[] = []
  for (const span of trace.spans.toSorted((a, b) => a.started_at_ms - b.started_at_ms)) {
    const rows = span.step_type === 'tool_call' ? toolRows(span) : speechRows(span, before)
    const input = span.attributes[GEN_AI.inputMessages]
    const output = span.attributes[GEN_AI.outputMessages]
    if (Array.isArray(input)) before = [...input, ...(Array.isArray(output) ? output : [])]
    const lines = rows.map(([label, text]) => `      ${paint('dim', label.padEnd(5))}${shorten(text, width - 12)}`)
    details.set(span.span_id, lines)
  }
  return details
}

type Row = [label: string, text: string]

function shorten(text: string, width: number): string {
  return escapeTerminal(text.replace(/\s+/g, ' ').trim(), Math.max(40, width))
}

function toolRows({ attributes, status }: Span): Row[] {
  const { [GEN_AI.toolArguments]: args, [GEN_AI.toolResult]: result, [OTEL.errorMessage]: error } = attributes
  const caller = attributes[OTEL.caller]
  return [
    ...(typeof caller === 'string' ? [['by', caller] as Row] : []),
    ...(args === undefined ? [] : [['with', asText(args)] as Row]),
    ...(result === undefined ? [] : [['gave', asText(result)] as Row]),
    ...(status === 'error' && error !== undefined && error !== result ? [['error', asText(error)] as Row] : []),
  ]
}

function speechRows(span: Span, before: readonly JsonValue[]): Row[] {
  const { attributes } = span
  const input = attributes[GEN_AI.inputMessages]
  const output = attributes[GEN_AI.outputMessages]
  const answer = attributes[OTEL.answerText] ?? attributes[OTEL.responseBody]
  const error = attributes[OTEL.errorMessage]
  return [
    ...(Array.isArray(input) ? newRows(input, before) : []),
    ...(Array.isArray(output)
      ? messageRows(output, 'said')
      : answer === undefined
        ? []
        : [['said', asText(answer)] as Row]),
    ...(span.status === 'error' && error !== undefined ? [['error', asText(error)] as Row] : []),
    ...usageRow(span),
  ]
}

/** What a request says that the one before it did not. */
function newRows(input: readonly JsonValue[], before: readonly JsonValue[]): Row[] {
  let same = 0
  while (same < before.length && isSame(before[same], input[same])) same++
  const fresh = input.slice(same)
  const shown = fresh.slice(-MOST_MESSAGES)
  const hidden = input.length - shown.length
  return [
    ...(hidden > 0 ? [['told', `… ${hidden} earlier ${hidden === 1 ? 'message' : 'messages'}`] as Row] : []),
    ...messageRows(shown, 'told'),
  ]
}

/** Why an answer ended is no part of what is told of it later. */
function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  return a.role === b.role && JSON.stringify(a.parts) === JSON.stringify(b.parts)
}

function messageRows(messages: readonly JsonValue[], label: string): Row[] {
  return messages.filter(isJsonObject).flatMap(({ role, parts }) => {
    const list = Array.isArray(parts) ? parts.filter(isJsonObject) : []
    return list.map((part): Row => [label, `${String(role)}: ${describePart(part)}`])
  })
}

function describePart(part: Record<string, JsonValue>): string {
  const { type, content, name } = part
  if (type === 'tool_call') return `calls ${String(name)} ${asText(part.arguments ?? null)}`
  if (type === 'tool_call_response') return `result ${asText(part.response ?? null)}`
  return `${type === 'reasoning' ? '(thinks) ' : ''}${asText(content ?? null)}`
}

function usageRow({ attributes }: Span): Row[] {
  const { [GEN_AI.inputTokens]: tokensIn, [GEN_AI.outputTokens]: tokensOut, [OTEL.cost]: cost } = attributes
  const reasons = [attributes[GEN_AI.finishReasons] ?? []].flat()
  const facts = [
    ...(typeof tokensIn === 'number' ? [`${tokensIn} tokens in`] : []),
    ...(typeof tokensOut === 'number' ? [`${tokensOut} out`] : []),
    ...(typeof cost === 'number' ? [`${cost} US dollars`] : []),
    ...(reasons.length > 0 ? [`finished with ${reasons.map(String).join(', ')}`] : []),
  ]
  return facts.length === 0 ? [] : [['used', facts.join(', ')]]
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
