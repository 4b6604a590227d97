import { RetrialError } from '../core/errors.ts'
import { sha256 } from '../core/hash.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { buildImport } from './trace/build-import.ts'
import { objectAt, objectsAt, text as textAt, textOf } from './trace/message.ts'
import { openAttachments } from './trace/open-attachments.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { readMessages } from './trace/read-messages.ts'
import { asText } from './trace/read-span.ts'
import { readTurns, type Turn } from './trace/read-turns.ts'
import type { ForeignRun, Step } from './trace/step.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads a log of Inspect in its JSON form, to which a packed one (`.eval`) was turned before, each sample a run: model calls and tool calls from its events, or from its messages where
 * a log has none. What scorers ask models is left out: it is not the agent's.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, and those of `parseTraceFile`
 */
function readInspect(text: string, options: ImportOptions): ImportResult[] {
  const [log] = parseTraceFile(text, options.path).filter(isJsonObject)
  if (log === undefined || objectAt(log, 'eval') === undefined)
    throw notOfFormat('an Inspect log', options.path, 'it has no eval')
  const samples = objectsAt(log, 'samples')
  if (samples.length === 0) {
    const status = textAt(log, 'status')
    throw new RetrialError(
      'ERR_INTERCHANGE_NO_STEPS',
      `Failed to import the file as inspect: it holds no samples${status === undefined ? '' : ` (status ${status})`}`,
      { hint: 'Write the log with samples.', location: { path: options.path } },
    )
  }
  const runs = samples.map((sample) => readSample(sample, log))
  const source = { format: 'inspect', digest: sha256(text), runs: runs.length }
  return runs.map((run) => buildImport(run, source, options))
}

function readSample(packed: JsonObject, log: JsonObject): ForeignRun {
  const sample = openAttachments(packed)
  const about = objectAt(log, 'eval') ?? {}
  const model = textAt(about, 'model')
  const events = objectsAt(sample, 'events')
  const own = withoutScorers(events.length > 0 ? events : objectsAt(objectAt(sample, 'transcript') ?? {}, 'events'))
  const steps = own.flatMap((event, index) => readEvent(event, index))
  const scores = objectAt(sample, 'scores')
  const error = objectAt(sample, 'error')
  return {
    source_id: `sample ${String(sample.id)}, epoch ${String(sample.epoch ?? 1)}`,
    steps: steps.length > 0 ? steps : readTurns(objectsAt(sample, 'messages').flatMap((raw) => readTurn(raw, model))),
    release: textAt(objectAt(about, 'revision') ?? {}, 'commit') ?? textAt(about, 'task_version'),
    workflow: textAt(about, 'task'),
    agent: textAt(about, 'solver'),
    input: inputOf(sample),
    stop_reason: stopReason(sample, log),
    ended_ms: lastTime(own) ?? undefined,
    remarks: [
      ...(error === undefined
        ? []
        : [{ code: 'sample_error', message: textAt(error, 'message') ?? 'error', data: error }]),
      ...Object.entries(scores ?? {}).map(([name, score]) => ({
        code: 'score',
        message: `${name}: ${asText((isJsonObject(score) ? score.value : score) ?? null)}`,
        data: score,
      })),
    ],
  }
}

function inputOf({ input }: JsonObject): JsonValue | undefined {
  if (!Array.isArray(input)) return input
  const first = readMessages(input, 'user').messages.find(({ role }) => role === 'user')
  return first === undefined ? undefined : textOf(first)
}

/** Spans (or, in older logs, steps) of scorers, with all that stands within them. */
function withoutScorers(events: JsonObject[]): JsonObject[] {
  const left = new Set<JsonValue | undefined>()
  let depth = 0
  return events.filter((event) => {
    if (
      event.event === 'span_begin' &&
      (/^scorers?$/.test(String(event.type ?? event.name)) || left.has(event.parent_id))
    )
      left.add(event.id)
    if (event.event === 'step' && event.action === 'begin' && (event.type === 'scorer' || depth > 0)) depth++
    const isOut = depth > 0 || left.has(event.span_id)
    if (event.event === 'step' && event.action === 'end' && depth > 0) depth--
    return !isOut
  })
}

function readEvent(event: JsonObject, index: number): Step[] {
  const started_ms = readDate(event.timestamp)
  const completed = readDate(event.completed)
  const seconds = typeof event.working_time === 'number' ? event.working_time : null
  const ended_ms = completed ?? (started_ms === null || seconds === null ? started_ms : started_ms + seconds * 1000)
  const base = { id: `e${index + 1}`, parent: null, started_ms, ended_ms }
  if (event.event === 'model') return [modelStep(event, base)]
  return event.event === 'tool' ? [toolStep(event, base)] : []
}

function readDate(value: JsonValue | undefined): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? null : time
}

type Base = Pick<Step, 'id' | 'parent' | 'started_ms' | 'ended_ms'>

function modelStep(event: JsonObject, base: Base): Step {
  const output = objectAt(event, 'output') ?? {}
  const [choice] = objectsAt(output, 'choices')
  const usage = objectAt(output, 'usage') ?? {}
  const model = textAt(event, 'model')
  const message = textAt(event, 'error') ?? textAt(output, 'error')
  const reason = textAt(choice ?? {}, 'stop_reason')
  const answered = choice === undefined ? [] : readMessages([objectAt(choice, 'message') ?? {}], 'assistant').messages
  const tools = objectsAt(event, 'tools').flatMap((tool) => textAt(tool, 'name') ?? [])
  const count = (name: string) => (typeof usage[name] === 'number' ? usage[name] : undefined)
  return {
    ...base,
    kind: 'llm',
    name: model ?? 'assistant',
    error: message === undefined ? null : { type: null, message },
    input: readMessages(event.input, 'user').messages,
    output: answered,
    attributes: {
      [GEN_AI.operation]: 'chat',
      [GEN_AI.requestModel]: model,
      [GEN_AI.responseModel]: textAt(output, 'model'),
      [GEN_AI.finishReasons]: reason === undefined ? undefined : [reason],
      [GEN_AI.inputTokens]: count('input_tokens'),
      [GEN_AI.outputTokens]: count('output_tokens'),
      [GEN_AI.cachedTokens]: count('input_tokens_cache_read'),
      [GEN_AI.reasoningTokens]: count('reasoning_tokens'),
      [OTEL.knownTools]: tools.length > 0 ? tools : undefined,
      [OTEL.errorMessage]: message,
    },
  }
}

function toolStep(event: JsonObject, base: Base): Step {
  const name = textAt(event, 'function') ?? 'unknown'
  const error = errorOf(event)
  return {
    ...base,
    kind: 'tool',
    name,
    error,
    attributes: {
      [GEN_AI.operation]: 'execute_tool',
      [GEN_AI.toolName]: name,
      [GEN_AI.toolCallId]: textAt(event, 'id'),
      [GEN_AI.toolArguments]: asText(event.arguments ?? {}),
      [GEN_AI.toolResult]: event.result === undefined || event.result === null ? undefined : asText(event.result),
      [OTEL.errorMessage]: error?.message ?? undefined,
    },
  }
}

const ERROR_TYPES: Record<string, string> = { file_not_found: 'not_found', permission: 'auth', parsing: 'bad_request' }

function errorOf(event: JsonObject): Step['error'] {
  const error = objectAt(event, 'error')
  if (error === undefined) return null
  const type = textAt(error, 'type')
  return { type: type === undefined ? null : (ERROR_TYPES[type] ?? type), message: textAt(error, 'message') ?? null }
}

function readTurn(raw: JsonObject, model: string | undefined): Turn[] {
  const [message] = readMessages([raw], 'user').messages
  if (message === undefined) return []
  if (message.role !== 'tool')
    return [{ message, by: message.role === 'assistant' ? 'agent' : 'other', at_ms: null, model }]
  return [{ message, by: 'tool', at_ms: null, tool: textAt(raw, 'function'), error: errorOf(raw) }]
}

function lastTime(events: JsonObject[]): number | null {
  return events.reduce<number | null>((last, event) => {
    const time = readDate(event.completed) ?? readDate(event.timestamp)
    return time === null ? last : Math.max(last ?? time, time)
  }, null)
}

function stopReason(sample: JsonObject, log: JsonObject): string | undefined {
  if (objectAt(sample, 'error') !== undefined) return 'error'
  const limit = textAt(objectAt(sample, 'limit') ?? {}, 'type')
  if (limit !== undefined) return `max_${limit}`
  const [choice] = objectsAt(objectAt(sample, 'output') ?? {}, 'choices')
  const reason = textAt(choice ?? {}, 'stop_reason')
  // A sample without an answer ended as its evaluation did.
  const status = textAt(log, 'status')
  return reason ?? (status === 'success' ? undefined : status)
}

/** Logs of Inspect. */
export const inspectFormat: ForeignFormat = traceFormat(
  'inspect',
  'Inspect log',
  (text) => {
    const head = text.slice(0, 65_536)
    return /^\uFEFF?\s*\{/.test(head) && /"eval"\s*:\s*\{/.test(head) && /"(?:status|plan|version)"\s*:/.test(head)
  },
  readInspect,
)
