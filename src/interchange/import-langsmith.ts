import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { importSpans, type SpanGroup } from './trace/import-spans.ts'
import { field, objectAt, objectsAt, text as textAt, unpackArguments } from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { readMessages } from './trace/read-messages.ts'
import { plain } from './trace/read-parts.ts'
import { asText, toEmbedding } from './trace/read-span.ts'
import type { Step } from './trace/step.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads runs as LangSmith exports them: a list or JSON Lines of runs, or a tree of them by `child_runs`. Each trace is a run; steps
 * stand in their dotted order.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, `ERR_INTERCHANGE_NO_STEPS`, and those of `parseTraceFile`
 */
function readLangSmith(text: string, options: ImportOptions): ImportResult[] {
  const runs = parseTraceFile(text, options.path).flatMap(findRuns)
  if (runs.length === 0) throw notOfFormat('a LangSmith export', options.path, 'it holds no runs with run_type')
  const traces = new Map<string, JsonObject[]>()
  for (const run of runs) {
    const id = textAt(run, 'trace_id') ?? textAt(run, 'session_id') ?? ''
    traces.set(id, [...(traces.get(id) ?? []), run])
  }
  return importSpans([...traces].map(toGroup), 'langsmith', text, options)
}

function findRuns(value: JsonValue): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(findRuns)
  if (!isJsonObject(value)) return []
  const children = objectsAt(value, 'child_runs').map((child) => ({
    ...child,
    trace_id: child.trace_id ?? value.trace_id ?? value.id ?? null,
    parent_run_id: child.parent_run_id ?? value.id ?? null,
  }))
  if (typeof value.run_type === 'string')
    return [{ ...value, trace_id: value.trace_id ?? value.id ?? null }, ...children.flatMap(findRuns)]
  return objectsAt(value, 'runs', 'data').flatMap(findRuns)
}

function toGroup([source_id, runs]: [string, JsonObject[]]): SpanGroup {
  const ordered = runs.toSorted((a, b) => orderOf(a).localeCompare(orderOf(b)))
  const root = ordered.find((run) => (run.parent_run_id ?? null) === null)
  const metadata = objectAt(objectAt(root ?? {}, 'extra') ?? {}, 'metadata') ?? {}
  const release = textAt(metadata, 'release', 'revision_id', 'LANGSMITH_REVISION_ID')
  const workflow = textAt(root ?? {}, 'name')
  return {
    source_id,
    spans: ordered.map(readRun),
    about: { ...(release !== undefined && { release }), ...(workflow !== undefined && { workflow }) },
  }
}

function orderOf(run: JsonObject): string {
  return textAt(run, 'dotted_order') ?? textAt(run, 'start_time') ?? ''
}

const KINDS: Record<string, Step['kind']> = {
  llm: 'llm',
  tool: 'tool',
  retriever: 'tool',
  embedding: 'embedding',
  chain: 'agent',
}

function readRun(run: JsonObject): Step {
  const error = textAt(run, 'error')
  const kind = KINDS[String(run.run_type)] ?? 'agent'
  const step: Step = {
    id: textAt(run, 'id', 'run_id') ?? '',
    parent: textAt(run, 'parent_run_id') ?? null,
    kind,
    name: textAt(run, 'name') ?? '',
    started_ms: readDate(run.start_time),
    ended_ms: readDate(run.end_time),
    error: error === undefined ? null : { type: /^(\w+)(?:\(|:)/.exec(error)?.[1] ?? null, message: error },
    attributes: { [OTEL.errorMessage]: error },
  }
  const [inputs, outputs] = [objectAt(run, 'inputs') ?? {}, objectAt(run, 'outputs')]
  if (kind === 'llm') return modelStep(step, run, inputs, outputs)
  if (kind === 'embedding') return toEmbedding(modelStep(step, run, inputs, undefined))
  if (kind === 'tool') return toolStep(step, inputs, outputs)
  return { ...step, called_with: Object.keys(inputs).length > 0 ? inputs : undefined, returned: outputs }
}

/** Without a zone, times are UTC. */
function readDate(value: JsonValue | undefined): number | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return null
  const time = Date.parse(/[zZ]$|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`)
  return Number.isNaN(time) ? null : time
}

function modelStep(step: Step, run: JsonObject, inputs: JsonObject, outputs: JsonObject | undefined): Step {
  const extra = objectAt(run, 'extra') ?? {}
  const called = objectAt(extra, 'invocation_params') ?? {}
  const metadata = objectAt(extra, 'metadata') ?? {}
  const model = textAt(called, 'model', 'model_name') ?? textAt(metadata, 'ls_model_name')
  const asked = readMessages(inputs, 'user').messages
  const answered = outputs === undefined ? [] : readMessages(openGenerations(outputs), 'assistant').messages
  const usage = usageOf(run, outputs)
  const tools = objectsAt(called, 'tools').flatMap((tool) => textAt(objectAt(tool, 'function') ?? tool, 'name') ?? [])
  const reasons = answered.flatMap(({ finish_reason }) => finish_reason ?? [])
  return {
    ...step,
    name: model ?? step.name,
    ...(asked.length > 0 && { input: asked }),
    ...(answered.length > 0 && { output: answered }),
    attributes: {
      ...step.attributes,
      [GEN_AI.operation]: 'chat',
      [GEN_AI.provider]: textAt(metadata, 'ls_provider'),
      [GEN_AI.requestModel]: model,
      [GEN_AI.inputTokens]: count(usage, 'input_tokens', 'prompt_tokens'),
      [GEN_AI.outputTokens]: count(usage, 'output_tokens', 'completion_tokens'),
      [GEN_AI.finishReasons]: reasons.length > 0 ? reasons : undefined,
      [OTEL.cost]: count(run, 'total_cost'),
      [OTEL.knownTools]: tools.length > 0 ? tools : undefined,
    },
  }
}

/** LangChain's generations, with the reason why each ended beside its message. */
function openGenerations(outputs: JsonObject): JsonValue {
  const lists = outputs.generations
  if (!Array.isArray(lists)) return outputs
  return lists.flat().map((one) => {
    if (!isJsonObject(one) || objectAt(one, 'message') === undefined) return one
    const reason = textAt(objectAt(one, 'generation_info') ?? {}, 'finish_reason')
    return { message: one.message ?? null, ...(reason !== undefined && { finish_reason: reason }) }
  })
}

function usageOf(run: JsonObject, outputs: JsonObject | undefined): JsonObject {
  const [first] = [outputs?.generations ?? []].flat(2).filter(isJsonObject)
  const message = objectAt(first ?? {}, 'message') ?? {}
  const inner = objectAt(message, 'kwargs') ?? message
  return (
    objectAt(outputs ?? {}, 'usage_metadata', 'usage') ??
    objectAt(inner, 'usage_metadata') ??
    objectAt(objectAt(outputs ?? {}, 'llm_output') ?? {}, 'token_usage') ??
    run
  )
}

function count(from: JsonObject, ...names: string[]): number | undefined {
  const value = field(from, ...names)
  return typeof value === 'number' ? value : undefined
}

function toolStep(step: Step, inputs: JsonObject, outputs: JsonObject | undefined): Step {
  const args = unpackArguments(inputs.input) ?? inputs
  const output = outputs?.output ?? outputs
  const message = isJsonObject(output) ? (objectAt(output, 'kwargs') ?? output) : undefined
  const isMessage = message !== undefined && typeof message.tool_call_id === 'string'
  const result = isMessage ? plain(message.content) : output
  const failed = isMessage && message.status === 'error' && step.error === null
  return {
    ...step,
    error: failed ? { type: 'tool_error', message: asText(result ?? '') } : step.error,
    attributes: {
      ...step.attributes,
      [GEN_AI.operation]: 'execute_tool',
      [GEN_AI.toolName]: step.name,
      [GEN_AI.toolCallId]: isMessage ? textAt(message, 'tool_call_id') : undefined,
      [GEN_AI.toolArguments]: asText(args),
      [GEN_AI.toolResult]: result === undefined || result === null ? undefined : asText(result),
    },
  }
}

/** LangSmith's runs. */
export const langSmithFormat: ForeignFormat = traceFormat(
  'langsmith',
  'LangSmith runs',
  (text) => {
    const head = text.slice(0, 65_536)
    return /"run_type"\s*:\s*"/.test(head) && /"(?:dotted_order|parent_run_id|child_runs|trace_id)"\s*:/.test(text)
  },
  readLangSmith,
)
