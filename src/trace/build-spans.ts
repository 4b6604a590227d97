import type { JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import { answerText, type HttpInteraction, payloadBytes } from '../model/interaction.ts'
import type { RunContext } from '../model/run.ts'
import type { Span, StepType } from '../model/trace.ts'
import { providerOfHost } from '../providers/provider-of-host.ts'
import type { IdentifiedRequest } from '../providers/registry.ts'
import { type Attempt, endOfGroup, groupAttempts } from './group-attempts.ts'
import type { ModelCall } from './model-call.ts'
import type { ReadLevel } from './read-levels.ts'
import { spanAttributes } from './span-attributes.ts'
import { nameRequest } from './summarise-request.ts'
import { parseArguments } from './tools/arguments.ts'
import type { ToolOutcome } from './tools/tool-outcome.ts'
import type { ToolUse } from './tools/tool-use.ts'

/** A span with its place among spans that start at the same time. */
export interface PlacedSpan {
  span: Span
  position: number
}

type Attributes = Record<string, JsonValue | undefined>

interface SpanParts {
  id: string
  parent: string | null
  type: StepType
  name: string
  started_ms: number
  ended_ms: number
  error_class: string | null
  interactions: string[]
  attributes: Attributes
}

/** Builds the spans of one level. */
export function buildSpans(
  level: ReadLevel,
  outcomes: ReadonlyMap<ToolUse, ToolOutcome>,
  run: RunContext,
): PlacedSpan[] {
  const { parent } = level
  const place = (parts: SpanParts): Span => {
    if (parent !== null) parts.attributes[OTEL.within] = parent
    return toSpan(parts, run)
  }
  const spans: PlacedSpan[] = level.calls.map((call) => {
    return { span: place(modelParts(call, level)), position: call.first }
  })
  for (const use of level.uses) {
    const outcome = outcomes.get(use)
    if (outcome === undefined) continue
    const span = place(toolParts(use, outcome, parent))
    spans.push({ span, position: placeOf(use) })
    for (const request of use.requests) {
      const parts = requestParts([request], span.span_id)
      parts.attributes[OTEL.attributedBy] = request.by
      spans.push({ span: place(parts), position: request.position })
    }
  }
  // Within a wrapped function every attempt stands by itself, and none counts as a retry: a replay does not make them.
  const groups = parent === null ? groupAttempts(level.requests) : level.requests.map((request) => [request])
  for (const group of groups) {
    spans.push({ span: place(requestParts(group, parent)), position: group[0]?.position ?? 0 })
  }
  return spans
}

/** Between the answer that asks for a tool and whatever comes next, in the order of asking. */
function placeOf({ asked, wrapper }: ToolUse): number {
  if (wrapper !== null) return wrapper.position
  if (asked === null) return 0
  return asked.by.last + (asked.index + 1) / ((asked.by.answer?.tool_calls.length ?? 0) + 1)
}

function toSpan(parts: SpanParts, run: RunContext): Span {
  const { id, parent, type, name, started_ms, ended_ms, error_class, interactions } = parts
  const attributes = { ...parts.attributes, [OTEL.errorType]: error_class ?? undefined }
  const known = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  )
  return {
    span_id: id,
    parent_id: parent,
    run_id: run.run_id,
    step_type: type,
    name,
    started_at_ms: run.started_at + started_ms,
    latency_ms: Math.max(0, ended_ms - started_ms),
    status: error_class === null ? 'ok' : 'error',
    error_class,
    attributes: Object.fromEntries(known),
    interactions,
  }
}

function modelParts(call: ModelCall, { parent, notExecuted }: ReadLevel): SpanParts {
  const { id, name, identified, answer, attempts, attempt_errors, started_ms, ended_ms, error_class } = call
  const request = identified?.request
  const last = attempts.at(-1)
  const http = last?.kind === 'http' ? last : null
  const attributes: Attributes = {
    [GEN_AI.operation]: identified?.protocol.operation ?? 'chat',
    [GEN_AI.provider]: identified === null ? undefined : providerOf(identified, http),
    [GEN_AI.requestModel]: request?.model ?? (http === null ? name : undefined),
    [GEN_AI.responseModel]: answer?.model ?? undefined,
    [GEN_AI.responseId]: answer?.id ?? undefined,
    [GEN_AI.finishReasons]: answer?.finish_reason ? [answer.finish_reason] : undefined,
    [GEN_AI.inputTokens]: answer?.usage?.input_tokens,
    [GEN_AI.outputTokens]: answer?.usage?.output_tokens,
    [GEN_AI.stream]: request?.stream,
    [OTEL.messageCount]: request?.messages.length,
    [OTEL.knownTools]: request?.tools,
    [OTEL.malformedArguments]: answer === null ? undefined : countMalformed(call),
    [OTEL.notExecuted]: notExecuted.get(call),
    [OTEL.retries]: attempts.length - 1,
    [OTEL.attemptErrors]: attempt_errors.length > 0 ? attempt_errors : undefined,
    [OTEL.answerText]: answer?.text || answer?.refusal || undefined,
    ...(http && httpAttributes(http)),
    ...spanAttributes(attempts[0]?.spans),
  }
  const interactions = attempts.map((attempt) => attempt.id)
  return { id, parent, type: 'llm_generate', name, started_ms, ended_ms, error_class, interactions, attributes }
}

function providerOf({ protocol }: IdentifiedRequest, http: HttpInteraction | null): string {
  return (http && providerOfHost(http.request.url)) ?? protocol.provider
}

/** Arguments of an answer that broke off are no mistake of the model. */
function countMalformed({ answer }: ModelCall): number {
  if (answer?.complete !== true) return 0
  return answer.tool_calls.filter((call) => parseArguments(call.arguments) === undefined).length
}

function toolParts(use: ToolUse, outcome: ToolOutcome, parent: string | null): SpanParts {
  const { asked, wrapper, result, requests } = use
  const name = asked?.call.name ?? wrapper?.interaction.name ?? ''
  const made = requests.map(({ interaction }) => interaction.id)
  const told = [asked?.by.attempts.at(-1)?.id, result?.carrier.id].filter((id) => id !== undefined)
  const { started_ms, ended_ms, error_class, retries, attempt_errors } = outcome
  return {
    id: wrapper?.interaction.id ?? `${asked?.by.id}.${(asked?.index ?? 0) + 1}`,
    parent,
    type: 'tool_call',
    name,
    started_ms,
    ended_ms,
    error_class,
    interactions: wrapper !== null ? [wrapper.interaction.id] : made.length > 0 ? made : told,
    attributes: {
      ...wrapper?.mcp?.attributes,
      [GEN_AI.operation]: 'execute_tool',
      [GEN_AI.toolName]: name,
      [GEN_AI.toolCallId]: asked?.call.id ?? undefined,
      [GEN_AI.toolArguments]: asked?.call.arguments ?? JSON.stringify(wrapper?.interaction.args ?? null),
      [GEN_AI.toolResult]: outcome.result ?? undefined,
      [OTEL.retries]: retries > 0 ? retries : undefined,
      [OTEL.attemptErrors]: attempt_errors.length > 0 ? attempt_errors : undefined,
      ...spanAttributes((wrapper?.interaction ?? asked?.by.attempts[0])?.spans),
    },
  }
}

function requestParts(group: readonly Attempt[], parent: string | null): SpanParts {
  const attempts = group.map(({ interaction }) => interaction)
  const mcp = group.at(-1)?.mcp
  const [first, last] = [attempts[0] as HttpInteraction, attempts.at(-1) as HttpInteraction]
  const errors = group.slice(0, -1).flatMap(({ error_class }) => error_class ?? [])
  const isText = last.answer?.chunks.every(([, data]) => 'text' in data) === true
  return {
    id: first.id,
    parent,
    type: 'http_request',
    name: nameRequest(first.request),
    started_ms: first.started_ms,
    ended_ms: endOfGroup(group),
    error_class: group.at(-1)?.error_class ?? null,
    interactions: attempts.map(({ id }) => id),
    attributes: {
      ...embeddingAttributes(group.at(-1)),
      ...httpAttributes(last),
      ...mcp?.attributes,
      [OTEL.retries]: group.length > 1 ? group.length - 1 : undefined,
      [OTEL.attemptErrors]: errors.length > 0 ? errors : undefined,
      [OTEL.responseBody]: last.answer !== null && isText ? answerText(last.answer) : undefined,
      ...spanAttributes(first.spans),
    },
  }
}

function embeddingAttributes(attempt: Attempt | undefined): Attributes {
  const { identified, interaction } = attempt ?? {}
  if (identified === undefined || interaction === undefined) return {}
  const { protocol, request } = identified
  const answer = interaction.answer && protocol.readAnswer(interaction.answer)
  return {
    [GEN_AI.operation]: protocol.operation,
    [GEN_AI.provider]: providerOf(identified, interaction),
    [GEN_AI.requestModel]: request.model ?? undefined,
    [GEN_AI.responseModel]: answer?.model ?? undefined,
    [GEN_AI.inputTokens]: answer?.usage?.input_tokens,
  }
}

function httpAttributes({ request, answer }: HttpInteraction): Attributes {
  return {
    [OTEL.httpMethod]: request.method,
    [OTEL.url]: request.url,
    [OTEL.httpStatus]: answer?.status,
    [OTEL.requestBytes]: request.body === null ? 0 : payloadBytes(request.body).byteLength,
  }
}
