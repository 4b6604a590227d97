import { RetrialError } from '../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { importSpans, type SpanGroup } from './trace/import-spans.ts'
import { field, objectAt, objectsAt, text as textAt, unpack } from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { readMessages } from './trace/read-messages.ts'
import { readRunState } from './trace/read-run-state.ts'
import { asText } from './trace/read-span.ts'
import type { Step } from './trace/step.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads what the OpenAI Agents SDK writes: traces and spans as its exporters and processors get them (a list, `data`, JSON Lines), or
 * the serialised state of a run.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, `ERR_INTERCHANGE_VERSION` for a state of a version that is not known,
 * `ERR_INTERCHANGE_NO_STEPS`, and those of `parseTraceFile`
 */
function readOpenAiAgents(text: string, options: ImportOptions): ImportResult[] {
  const values = parseTraceFile(text, options.path)
  const states = values.filter(isJsonObject).filter((value) => '$schemaVersion' in value)
  if (states.length > 0) {
    const groups = states.map((state, index) => readRunState(checkVersion(state, options.path), `${index + 1}`))
    return importSpans(groups, 'openai-agents', text, options)
  }
  const items = values.flat().flatMap((value) => {
    if (!isJsonObject(value)) return []
    return Array.isArray(value.data) ? value.data.filter(isJsonObject) : [value]
  })
  const spans = items.filter(({ object }) => object === 'trace.span')
  if (spans.length === 0)
    throw notOfFormat('a trace of the OpenAI Agents SDK', options.path, 'it holds no trace.span and no run state')
  return importSpans(groupItems(items, spans), 'openai-agents', text, options)
}

/** The newest version of a state that is known to read as the ones before it. */
const NEWEST = 20

function checkVersion(state: JsonObject, path: string): JsonObject {
  const version = state.$schemaVersion
  const minor = typeof version === 'string' ? /^1\.(\d+)$/.exec(version)?.[1] : undefined
  if (minor !== undefined && Number(minor) <= NEWEST) return state
  throw new RetrialError(
    'ERR_INTERCHANGE_VERSION',
    `Failed to import the file: $schemaVersion is ${JSON.stringify(version)}, and versions "1.0" to "1.${NEWEST}" are known`,
    { hint: 'Write the state with a version of the SDK that is known, or export its trace.', location: { path } },
  )
}

function groupItems(items: JsonObject[], spans: JsonObject[]): SpanGroup[] {
  const traces = new Map<string, JsonObject[]>()
  for (const span of spans) {
    const id = textAt(span, 'trace_id') ?? ''
    traces.set(id, [...(traces.get(id) ?? []), span])
  }
  return [...traces].map(([source_id, own]) => {
    const trace = items.find(({ object, id }) => object === 'trace' && id === source_id)
    const workflow = textAt(trace ?? {}, 'workflow_name')
    return { source_id, spans: own.map(readAgentSpan), about: { ...(workflow !== undefined && { workflow }) } }
  })
}

const KINDS: Record<string, Step['kind']> = {
  response: 'llm',
  generation: 'llm',
  function: 'tool',
  mcp_tools: 'other',
  handoff: 'thought',
  guardrail: 'thought',
}

function readAgentSpan(span: JsonObject): Step {
  const data = objectAt(span, 'span_data') ?? {}
  const type = textAt(data, 'type') ?? ''
  const error = objectAt(span, 'error')
  const message = wordsOf(error ?? {})
  const step: Step = {
    id: textAt(span, 'id') ?? '',
    parent: textAt(span, 'parent_id') ?? null,
    kind: KINDS[type] ?? 'agent',
    name: textAt(data, 'name') ?? type,
    started_ms: readDate(span.started_at),
    ended_ms: readDate(span.ended_at),
    error: error === undefined ? null : { type: null, message: message ?? asText(error) },
    attributes: { [OTEL.errorMessage]: message },
  }
  if (step.kind === 'llm') return modelStep(step, data)
  if (step.kind === 'tool') return toolStep(step, data)
  if (type === 'handoff') {
    return { ...step, name: `handoff ${textAt(data, 'from_agent') ?? '?'} → ${textAt(data, 'to_agent') ?? '?'}` }
  }
  if (type === 'guardrail')
    return { ...step, name: `guardrail ${step.name}${data.triggered === true ? ' (triggered)' : ''}` }
  return type === 'agent' ? { ...step, attributes: { ...step.attributes, [GEN_AI.agentName]: step.name } } : step
}

/** What went wrong stands beside a message that only says where. */
function wordsOf(error: JsonObject): string | undefined {
  const cause = textAt(objectAt(error, 'data') ?? {}, 'error')
  const words = [textAt(error, 'message'), cause].filter((text) => text !== undefined)
  return words.length === 0 ? undefined : words.join(': ')
}

function readDate(value: JsonValue | undefined): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? null : time
}

function modelStep(step: Step, data: JsonObject): Step {
  // A response span names only the id of its answer, unless a processor of the program's own wrote more.
  const response = objectAt(data, 'response', '_response')
  const input = readMessages(field(data, 'input', '_input'), 'user').messages
  const output = readMessages(field(data, 'output') ?? response, 'assistant').messages
  const usage = objectAt(data, 'usage') ?? objectAt(response ?? {}, 'usage') ?? {}
  const model = textAt(data, 'model') ?? textAt(response ?? {}, 'model')
  const system = textAt(response ?? {}, 'instructions')
  const count = (name: string) => (typeof usage[name] === 'number' ? usage[name] : undefined)
  const tools = objectsAt(response ?? {}, 'tools').flatMap((tool) => textAt(tool, 'name') ?? [])
  return {
    ...step,
    name: model ?? 'unknown model',
    ...(input.length > 0 && {
      input: [
        ...(system === undefined ? [] : [{ role: 'system', parts: [{ type: 'text' as const, content: system }] }]),
        ...input,
      ],
    }),
    ...(output.length > 0 && { output }),
    attributes: {
      ...step.attributes,
      [GEN_AI.operation]: 'chat',
      [GEN_AI.provider]: 'openai',
      [GEN_AI.requestModel]: model,
      [GEN_AI.responseId]: textAt(data, 'response_id') ?? textAt(response ?? {}, 'id'),
      [GEN_AI.inputTokens]: count('input_tokens') ?? count('prompt_tokens'),
      [GEN_AI.outputTokens]: count('output_tokens') ?? count('completion_tokens'),
      [OTEL.knownTools]: tools.length > 0 ? tools : undefined,
    },
  }
}

function toolStep(step: Step, data: JsonObject): Step {
  const [input, output] = [unpack(data.input) ?? null, unpack(data.output) ?? null]
  return {
    ...step,
    attributes: {
      ...step.attributes,
      [GEN_AI.operation]: 'execute_tool',
      [GEN_AI.toolName]: step.name,
      [GEN_AI.toolArguments]: input === null ? undefined : asText(input),
      [GEN_AI.toolResult]: output === null ? undefined : asText(output),
    },
  }
}

/** Traces and run states of the OpenAI Agents SDK. */
export const openAiAgentsFormat: ForeignFormat = traceFormat(
  'openai-agents',
  'OpenAI Agents trace or run state',
  (text) => {
    const head = text.slice(0, 65_536)
    return /^\uFEFF?\s*\{\s*"\$schemaVersion"\s*:/.test(head) || /"object"\s*:\s*"trace\.span"/.test(head)
  },
  readOpenAiAgents,
)
