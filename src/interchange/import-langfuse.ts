import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { ancestors } from './trace/arrange-steps.ts'
import { importSpans, type SpanGroup } from './trace/import-spans.ts'
import { readUsage } from './trace/langfuse-usage.ts'
import {
  callsOf,
  field,
  type Message,
  objectAt,
  objectsAt,
  text as textAt,
  unpack,
  unpackArguments,
  unquote,
} from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { readMessages } from './trace/read-messages.ts'
import { plain } from './trace/read-parts.ts'
import { asText, readSpan, toEmbedding } from './trace/read-span.ts'
import { saidIn } from './trace/said.ts'
import type { Step } from './trace/step.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads what Langfuse exports: a trace with its observations, a list of such, or observations alone (JSON, JSON Lines, the pages of
 * its API). Each trace is a run.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, `ERR_INTERCHANGE_NO_STEPS`, and those of `parseTraceFile`
 */
function readLangfuse(text: string, options: ImportOptions): ImportResult[] {
  const groups = new Map<string, { trace: JsonObject; observations: JsonObject[] }>()
  for (const value of parseTraceFile(text, options.path).flat()) {
    if (!isJsonObject(value)) continue
    for (const { trace, observations } of findTraces(value)) {
      for (const observation of observations) {
        const id = textAt(observation, 'traceId', 'trace_id') ?? textAt(trace, 'id') ?? ''
        const group = groups.get(id) ?? { trace, observations: [] }
        groups.set(id, group)
        group.observations.push(observation)
      }
    }
  }
  if (groups.size === 0) throw notOfFormat('a Langfuse export', options.path, 'it holds no observations')
  const spans = [...groups].map(([id, { trace, observations }]) => toGroup(id, trace, observations))
  return importSpans(spans, 'langfuse', text, options)
}

function findTraces(value: JsonObject): { trace: JsonObject; observations: JsonObject[] }[] {
  const observations = objectsAt(value, 'observations')
  if (observations.length > 0) return [{ trace: objectAt(value, 'trace') ?? value, observations }]
  const page = objectsAt(value, 'data')
  if (page.length > 0) return page.flatMap(findTraces)
  return typeof value.type === 'string' && (value.startTime ?? value.start_time) !== undefined
    ? [{ trace: {}, observations: [value] }]
    : []
}

function toGroup(source_id: string, trace: JsonObject, observations: JsonObject[]): SpanGroup {
  const resource = objectAt(metadataOf(trace), 'resourceAttributes') ?? {}
  const release = textAt(trace, 'release', 'version') ?? textAt(resource, 'service.version')
  const input = saidIn(unquote(trace.input), 'input')
  const output = saidIn(unquote(trace.output), 'output')
  return {
    source_id,
    spans: findTools(observations.map(readObservation), observations),
    about: {
      ...(release !== undefined && { release }),
      ...(textAt(trace, 'name') !== undefined && { workflow: textAt(trace, 'name') }),
      ...(input !== undefined && { input }),
      ...(output !== undefined && { output }),
      remarks: objectsAt(trace, 'scores').map((score) => ({
        code: 'score',
        message: `${textAt(score, 'name') ?? 'score'}: ${String(score.value ?? score.stringValue ?? '')}`,
        data: score,
      })),
    },
  }
}

/**
 * Plain spans by what they turn out to be: one that is named like a tool that a model asked for is that tool, unless model calls or
 * tools of their own type lie within it; any other that none lies within is no agent.
 */
function findTools(steps: Step[], observations: readonly JsonObject[]): Step[] {
  const asked = new Set(steps.flatMap(({ output }) => output?.flatMap(callsOf) ?? []).map(({ name }) => name))
  const byId = new Map(steps.map((step) => [step.id, step]))
  const around = (step: Step) => ancestors(step, byId)
  const busy = new Set(steps.filter(({ kind }) => kind === 'llm' || kind === 'tool').flatMap(around))
  const isPlain = (step: Step, index: number) =>
    observations[index]?.type === 'SPAN' && step.kind === 'agent' && step.parent !== null && !busy.has(step)
  const tools = new Set(steps.filter((step, index) => isPlain(step, index) && asked.has(step.name)))
  return steps.map((step, index) => {
    if (!isPlain(step, index)) return step
    // Of two of one name within each other, the outer one is the call.
    const isTool = tools.has(step) && !around(step).some((outer) => tools.has(outer))
    const { input, output } = observations[index] as JsonObject
    return isTool ? toolStep(step, unquote(input), unquote(output)) : { ...step, kind: 'other' }
  })
}

function metadataOf(value: JsonObject): JsonObject {
  const metadata = unpack(value.metadata)
  return isJsonObject(metadata) ? metadata : {}
}

function readObservation(from: JsonObject): Step {
  const metadata = metadataOf(from)
  const attributes = objectAt(metadata, 'attributes') ?? {}
  const failed = from.level === 'ERROR'
  // What a tracer of OpenTelemetry wrote is still there, so its conventions tell what Langfuse's columns do not.
  const base = readSpan({
    trace_id: textAt(from, 'traceId', 'trace_id') ?? '',
    span_id: textAt(from, 'id') ?? '',
    parent_id: textAt(from, 'parentObservationId', 'parent_observation_id') ?? null,
    name: textAt(from, 'name') ?? '',
    started_ms: readDate(field(from, 'startTime', 'start_time')),
    ended_ms: readDate(field(from, 'endTime', 'end_time')),
    attributes,
    resource: objectAt(metadata, 'resourceAttributes') ?? {},
    scope: '',
    events: [],
    failed,
    message: textAt(from, 'statusMessage', 'status_message') ?? null,
  })
  const kind = kindOf(from, base)
  const [input, output] = [unquote(from.input), unquote(from.output)]
  if (kind === 'llm') return modelStep(base, from, input, output)
  if (kind === 'embedding') return toEmbedding(modelStep(base, from, null, null))
  if (kind === 'tool') return toolStep(base, input, output)
  return { ...base, kind, called_with: input ?? undefined, returned: output ?? undefined }
}

function readDate(value: JsonValue | undefined): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? null : time
}

const KINDS: Record<string, Step['kind']> = {
  GENERATION: 'llm',
  EMBEDDING: 'embedding',
  EVENT: 'other',
  TOOL: 'tool',
  RETRIEVER: 'tool',
  AGENT: 'agent',
  CHAIN: 'agent',
}

function kindOf(from: JsonObject, { kind, name }: Step): Step['kind'] {
  const typed = KINDS[String(from.type)]
  if (typed !== undefined) return typed
  // A plain span may be that of a tool all the same: it says so by its attributes, its name, or a message of a tool that it gave back.
  if (kind === 'llm' || kind === 'tool') return kind
  const output = unpack(from.output)
  const isMessage = isJsonObject(output) && output.type === 'tool' && typeof output.tool_call_id === 'string'
  return isMessage || /^tool\./.test(name) ? 'tool' : 'agent'
}

function modelStep(step: Step, from: JsonObject, input: JsonValue | undefined, output: JsonValue | undefined): Step {
  const model =
    textAt(from, 'model', 'providedModelName', 'provided_model_name') ??
    textAt(step.attributes as JsonObject, GEN_AI.requestModel)
  const asked = readMessages(input, 'user')
  const answered = conversation(output)
  const offered = [...asked.tools, ...toolNames(unpack(from.toolDefinitions))]
  const reasons = answered?.flatMap(({ finish_reason }) => finish_reason ?? []) ?? []
  return {
    ...step,
    kind: 'llm',
    name: model ?? step.name,
    input: asked.messages.length > 0 ? asked.messages : step.input,
    output: answered ?? step.output,
    attributes: {
      ...step.attributes,
      ...Object.fromEntries(Object.entries(readUsage(from)).filter(([, value]) => value !== undefined)),
      [GEN_AI.operation]: 'chat',
      [GEN_AI.requestModel]: model,
      [GEN_AI.finishReasons]: step.attributes[GEN_AI.finishReasons] ?? (reasons.length > 0 ? reasons : undefined),
      [OTEL.cost]: number(from, 'totalCost', 'calculatedTotalCost', 'total_cost') || undefined,
      [OTEL.knownTools]: offered.length > 0 ? offered : step.attributes[OTEL.knownTools],
    },
  }
}

function conversation(output: JsonValue | undefined): Message[] | undefined {
  const { messages } = readMessages(output, 'assistant')
  return messages.length > 0 ? messages : undefined
}

function toolNames(value: JsonValue | undefined): string[] {
  const list = isJsonObject(value) ? Object.keys(value) : Array.isArray(value) ? value : []
  return list.flatMap((item) =>
    typeof item === 'string' ? item : isJsonObject(item) ? (textAt(item, 'name') ?? []) : [],
  )
}

function toolStep(step: Step, input: JsonValue | undefined, output: JsonValue | undefined): Step {
  const name = (textAt(step.attributes as JsonObject, GEN_AI.toolName) ?? step.name).replace(
    /^(?:tool\.|running tool:\s*)/,
    '',
  )
  const result = isJsonObject(output) && output.type === 'tool' ? plain(output.content) : unwrap(output, 'content')
  const id = isJsonObject(output) ? textAt(output, 'tool_call_id') : undefined
  const args = unpackArguments(unwrap(input, 'input'))
  return {
    ...step,
    kind: 'tool',
    name,
    attributes: {
      ...step.attributes,
      [GEN_AI.operation]: 'execute_tool',
      [GEN_AI.toolName]: name,
      [GEN_AI.toolCallId]: step.attributes[GEN_AI.toolCallId] ?? id,
      [GEN_AI.toolArguments]: args === undefined ? step.attributes[GEN_AI.toolArguments] : asText(args),
      [GEN_AI.toolResult]: result === undefined ? step.attributes[GEN_AI.toolResult] : asText(result),
    },
  }
}

/** What stands in an object of this one key; null counts as nothing. */
function unwrap(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (value === null || value === undefined) return undefined
  if (!isJsonObject(value) || value[key] === undefined || Object.keys(value).length > 1) return value
  return plain(unpack(value[key]))
}

function number(from: JsonObject, ...names: string[]): number | undefined {
  const value = field(from, ...names)
  return typeof value === 'number' ? value : undefined
}

/** Langfuse's exports. */
export const langfuseFormat: ForeignFormat = traceFormat(
  'langfuse',
  'Langfuse export',
  (text) => {
    const head = text.slice(0, 65_536)
    const isTrace = /"observations"\s*:\s*\[/.test(text) && /"(?:trace|projectId|observations)"\s*:/.test(head)
    return isTrace || (/"parent_?[oO]bservation_?[iI]d"\s*:/.test(head) && /"start_?[tT]ime"\s*:/.test(head))
  },
  readLangfuse,
)
