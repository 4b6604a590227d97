import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { GEN_AI, OTEL } from '../../model/gen-ai.ts'
import { text, unpack, unpackArguments } from './message.ts'
import type { RawSpan } from './raw-span.ts'
import { plain } from './read-parts.ts'
import { kindOf } from './span-kind.ts'
import { answerOf, messagesOf, toolsOf } from './span-messages.ts'
import type { Step } from './step.ts'

/**
 * Reads a span by the conventions of the GenAI working group (old and new), OpenInference, OpenLLMetry, the AI SDK, the ADK and
 * LangSmith: what kind of step it is, and the same attributes whoever wrote them.
 */
export function readSpan(raw: RawSpan): Step {
  const kind = kindOf(raw)
  const { attributes: from } = raw
  const error = readError(raw)
  const base: Step = {
    id: raw.span_id,
    parent: raw.parent_id,
    kind,
    name: raw.name,
    started_ms: raw.started_ms,
    ended_ms: raw.ended_ms,
    error,
    attributes: { [OTEL.errorMessage]: error?.message ?? undefined },
    release: text(from, 'gen_ai.agent.version') ?? text(raw.resource, 'service.version'),
    workflow: text(from, 'gen_ai.workflow.name', 'ai.telemetry.functionId', 'traceloop.workflow.name'),
  }
  if (kind === 'llm') return readModelSpan(base, raw)
  if (kind === 'embedding') return toEmbedding(readModelSpan(base, raw))
  if (kind === 'tool') return readToolSpan(base, raw)
  if (kind === 'agent') return readAgentSpan(base, raw)
  if (kind === 'http') return readHttpSpan(base, raw)
  return base
}

function readModelSpan(step: Step, raw: RawSpan): Step {
  const { attributes: from } = raw
  const asked = text(from, 'gen_ai.request.model', 'llm.request.model_name', 'llm.model_name', 'ai.model.id')
  const answered = text(from, 'gen_ai.response.model', 'llm.response.model_name', 'ai.response.model')
  const { input, output, tools } = messagesOf(raw)
  const reasons = finishReasons(from, output?.flatMap((message) => message.finish_reason ?? []) ?? [])
  const offered = [...tools, ...toolsOf(from)]
  return {
    ...step,
    name: asked ?? answered ?? step.name,
    input,
    output,
    attributes: {
      ...step.attributes,
      ...requestParameters(from),
      [GEN_AI.operation]: operationOf(from),
      [GEN_AI.provider]: text(
        from,
        'gen_ai.provider.name',
        'llm.provider',
        'gen_ai.system',
        'llm.system',
        'ai.model.provider',
      ),
      [GEN_AI.requestModel]: asked,
      [GEN_AI.responseModel]: answered,
      [GEN_AI.responseId]: text(from, 'gen_ai.response.id', 'ai.response.id'),
      [GEN_AI.finishReasons]: reasons.length > 0 ? reasons : undefined,
      ...readUsage(from),
      [OTEL.knownTools]: offered.length > 0 ? [...new Set(offered)] : undefined,
    },
  }
}

/** A call for embeddings as the request that it is: with its model and usage, without texts and vectors. */
export function toEmbedding(step: Step): Step {
  const { [GEN_AI.finishReasons]: _, [OTEL.knownTools]: __, ...attributes } = step.attributes
  return {
    ...step,
    kind: 'embedding',
    name: `embeddings ${step.name}`,
    input: undefined,
    output: undefined,
    attributes: { ...attributes, [GEN_AI.operation]: 'embeddings' },
  }
}

/** `gen_ai.request.temperature` and the like, numbers and texts only. */
function requestParameters(from: JsonObject): Record<string, JsonValue> {
  const kept = Object.entries(from).filter(
    ([key, value]) => /^gen_ai\.request\.(?!model$)/.test(key) && typeof value !== 'object',
  )
  return Object.fromEntries(kept)
}

function operationOf(from: JsonObject): string {
  const named = text(from, 'gen_ai.operation.name')
  return named !== undefined && /chat|generate_content|text_completion/.test(named) ? named : 'chat'
}

function finishReasons(from: JsonObject, said: string[]): string[] {
  const named = unpack(
    from['gen_ai.response.finish_reasons'] ??
      from['llm.finish_reason'] ??
      from['gen_ai.completion.0.finish_reason'] ??
      from['ai.response.finishReason'],
  )
  const reasons = [named ?? []].flat().filter((reason) => typeof reason === 'string')
  return reasons.length > 0 ? reasons : said
}

/** Numbers may be texts: Jaeger's tags often are. */
function count(from: JsonObject, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = from[name]
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number === 'number' && Number.isFinite(number)) return number
  }
  return undefined
}

function readUsage(from: JsonObject): Record<string, JsonValue | undefined> {
  return {
    [GEN_AI.inputTokens]: count(
      from,
      'gen_ai.usage.input_tokens',
      'gen_ai.usage.prompt_tokens',
      'llm.token_count.prompt',
      'llm.usage.prompt_tokens',
      'ai.usage.inputTokens',
      'ai.usage.promptTokens',
      'ai.usage.tokens',
    ),
    [GEN_AI.outputTokens]: count(
      from,
      'gen_ai.usage.output_tokens',
      'gen_ai.usage.completion_tokens',
      'llm.token_count.completion',
      'llm.usage.completion_tokens',
      'ai.usage.outputTokens',
      'ai.usage.completionTokens',
    ),
    [GEN_AI.cachedTokens]: count(
      from,
      'gen_ai.usage.cache_read.input_tokens',
      'gen_ai.usage.cache_read_input_tokens',
      'llm.token_count.prompt_details.cache_read',
      'ai.usage.cachedInputTokens',
    ),
    [GEN_AI.reasoningTokens]: count(
      from,
      'gen_ai.usage.reasoning.output_tokens',
      'gen_ai.usage.reasoning_tokens',
      'llm.token_count.completion_details.reasoning',
      'ai.usage.reasoningTokens',
    ),
    [OTEL.cost]: count(from, 'gen_ai.usage.cost', 'llm.cost.total', 'operation.cost'),
  }
}

function readToolSpan(step: Step, raw: RawSpan): Step {
  const { attributes: from } = raw
  const body = answerOf(raw)
  const stripped = raw.name.replace(/^(?:execute_tool|running tool:?|tool\.)\s*/, '').replace(/\.tool$/, '')
  const name =
    text(from, 'gen_ai.tool.name', 'tool.name', 'ai.toolCall.name', 'traceloop.entity.name') ?? body?.name ?? stripped
  const args =
    unpackArguments(
      from['gen_ai.tool.call.arguments'] ??
        from['gcp.vertex.agent.tool_call_args'] ??
        from['tool.parameters'] ??
        from.tool_arguments ??
        from['gen_ai.tool.args'] ??
        from['ai.toolCall.args'] ??
        from['input.value'] ??
        from['traceloop.entity.input'] ??
        from.input,
    ) ?? body?.args
  const { id, result } = readResult(from, body?.result)
  return {
    ...step,
    name,
    attributes: {
      ...step.attributes,
      [GEN_AI.operation]: 'execute_tool',
      [GEN_AI.toolName]: name,
      [GEN_AI.toolCallId]:
        text(from, 'gen_ai.tool.call.id', 'tool.id', 'tool_call.id', 'ai.toolCall.id') ?? id ?? body?.id,
      [GEN_AI.toolArguments]: args === undefined ? undefined : asText(args),
      [GEN_AI.toolResult]: result === undefined ? undefined : asText(result),
    },
  }
}

/** The result of a tool, and the id of the call where the result repeats it (LangChain's message of a tool). */
function readResult(
  from: JsonObject,
  told: JsonValue | undefined,
): { id?: string | undefined; result: JsonValue | undefined } {
  const value = unpack(
    from['gen_ai.tool.call.result'] ??
      from['gcp.vertex.agent.tool_response'] ??
      from['output.value'] ??
      from['ai.toolCall.result'] ??
      from.tool_response ??
      from['gen_ai.output'] ??
      from['traceloop.entity.output'] ??
      from.output ??
      told,
  )
  if (!isJsonObject(value) || typeof value.tool_call_id !== 'string') return { result: value }
  return { id: value.tool_call_id, result: plain(value.content) }
}

/** Arguments and results are texts, as a model writes and reads them. */
export function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function readAgentSpan(step: Step, raw: RawSpan): Step {
  const { attributes: from } = raw
  const { input, output } = messagesOf(raw)
  const agent = text(from, 'gen_ai.agent.name', 'agent.name', 'agent_name', 'graph.node.name')
  return {
    ...step,
    name: agent ?? raw.name,
    input,
    output,
    called_with: unpack(from['input.value'] ?? from['ai.prompt'] ?? from['traceloop.entity.input']),
    returned: unpack(
      from['output.value'] ?? from['ai.response.text'] ?? from.final_result ?? from['traceloop.entity.output'],
    ),
    attributes: {
      ...step.attributes,
      [GEN_AI.agentName]: agent,
      [GEN_AI.requestModel]: text(from, 'gen_ai.request.model'),
    },
  }
}

function readHttpSpan(step: Step, raw: RawSpan): Step {
  const { attributes: from } = raw
  const method = text(from, 'http.request.method', 'http.method') ?? raw.name
  const url = text(from, 'url.full', 'http.url') ?? ''
  const status = count(from, 'http.response.status_code', 'http.status_code')
  const place = URL.canParse(url) ? `${new URL(url).host}${new URL(url).pathname}` : url
  return {
    ...step,
    name: `${method} ${place}`.trim(),
    error: step.error ?? (status !== undefined && status >= 400 ? { type: String(status), message: null } : null),
    attributes: { ...step.attributes, [OTEL.httpMethod]: method, [OTEL.url]: url, [OTEL.httpStatus]: status },
  }
}

function readError(raw: RawSpan): Step['error'] {
  const { attributes: from, events, failed, message } = raw
  const thrown = events.find(({ name }) => name === 'exception' || name.endsWith('.exception'))?.attributes ?? {}
  const type = text(from, 'error.type') ?? text(thrown, 'exception.type')
  if (!failed && text(from, 'error.type') === undefined) return null
  return {
    type: type ?? null,
    message: message ?? text(thrown, 'exception.message') ?? text(from, 'error.message') ?? null,
  }
}
