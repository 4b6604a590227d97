import { sha256 } from '../core/hash.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { buildImport } from './trace/build-import.ts'
import { type Message, objectAt, objectsAt, text as textAt, textOf, unpack } from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { readMessages } from './trace/read-messages.ts'
import { readMiniSwe } from './trace/read-mini-swe.ts'
import { readTurns } from './trace/read-turns.ts'
import type { ForeignRun, Step } from './trace/step.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads a trajectory of SWE-agent: an answer of the model and a command for each entry of `trajectory`. A command is a tool call, named
 * after its first word. The file tells no times but how long each command took. Trajectories of mini-swe-agent are told by their own
 * `trajectory_format`.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, and those of `parseTraceFile`
 */
function readSweAgent(text: string, options: ImportOptions): ImportResult[] {
  const [file] = parseTraceFile(text, options.path).filter(isJsonObject)
  const source = { format: 'swe-agent', digest: sha256(text), runs: 1 }
  if (file !== undefined && isMini(file)) return [buildImport(readMiniSwe(file), source, options)]
  const entries = objectsAt(file ?? {}, 'trajectory')
  const history = objectsAt(file ?? {}, 'history')
  if (file === undefined || (entries.length === 0 && history.length === 0)) {
    throw notOfFormat('a SWE-agent trajectory', options.path, 'it has neither entries in trajectory nor in history')
  }
  const run = entries.length > 0 ? readEntries(file, entries, history) : readHistory(history)
  return [buildImport(run, source, options)]
}

function isMini(file: JsonObject): boolean {
  return /^mini-swe-agent/.test(textAt(file, 'trajectory_format') ?? '') && objectsAt(file, 'messages').length > 0
}

function readEntries(file: JsonObject, entries: JsonObject[], history: JsonObject[]): ForeignRun {
  const info = objectAt(file, 'info') ?? {}
  const requests = requestsOf(history, entries.length)
  const steps = entries.flatMap((entry, index) => readEntry(entry, index, requests[index]))
  const stats = objectAt(info, 'model_stats')
  return {
    source_id: textAt(info, 'instance_id') ?? textAt(file, 'environment') ?? '1',
    steps,
    workflow: textAt(file, 'environment'),
    agent: 'swe-agent',
    input: taskOf(history),
    output: textAt(info, 'submission'),
    stop_reason: stopReason(textAt(info, 'exit_status')),
    ...(stats !== undefined && {
      remarks: [{ code: 'usage', message: describeStats(stats), data: stats }],
    }),
    unknown: [
      'tokens of each call (only their sum is known)',
      ...(requests.length === 0 ? ['what each call was asked with'] : []),
    ],
  }
}

function describeStats(stats: JsonObject): string {
  const cost = stats.instance_cost ?? stats.total_cost
  return `${String(stats.api_calls)} model calls, ${String(stats.tokens_sent)} tokens in, ${String(stats.tokens_received)} out, ${String(cost)} US dollars`
}

/** What each entry was asked with: the history before its own message, if that can be told. */
function requestsOf(history: JsonObject[], count: number): Message[][] {
  const places = history.flatMap(({ role, is_demo }, index) =>
    role === 'assistant' && is_demo !== true ? [index] : [],
  )
  // The last entry of some runs is the submission, which no message stands for.
  if (places.length !== count && places.length !== count - 1) return []
  const messages = history.map((raw) => readMessages([raw], 'user').messages)
  return places.map((place) => messages.slice(0, place).flat())
}

function readEntry(entry: JsonObject, index: number, input: Message[] | undefined): Step[] {
  const response = textAt(entry, 'response') ?? ''
  const action = (textAt(entry, 'action') ?? '').trim()
  const name = /^[\w./-]+/.exec(action)?.[0] ?? 'command'
  const seconds = typeof entry.execution_time === 'number' ? entry.execution_time : null
  const id = `e${index + 1}`
  const said: Message['parts'] = response === '' ? [] : [{ type: 'text', content: response }]
  const asked: Message['parts'] = action === '' ? [] : [{ type: 'tool_call', id, name, arguments: { command: action } }]
  const model: Step = {
    id,
    parent: null,
    kind: 'llm',
    name: 'assistant',
    started_ms: null,
    ended_ms: null,
    error: null,
    ...(input !== undefined && { input }),
    output: [{ role: 'assistant', parts: [...said, ...asked] }],
    attributes: { [GEN_AI.operation]: 'chat' },
  }
  if (action === '') return [model]
  return [
    model,
    {
      id: `${id}.1`,
      parent: null,
      kind: 'tool',
      name,
      started_ms: null,
      ended_ms: null,
      error: null,
      attributes: {
        [GEN_AI.operation]: 'execute_tool',
        [GEN_AI.toolName]: name,
        [GEN_AI.toolCallId]: id,
        [GEN_AI.toolArguments]: JSON.stringify({ command: action }),
        [GEN_AI.toolResult]: textAt(entry, 'observation'),
        [OTEL.executionMs]: seconds === null ? undefined : Math.round(seconds * 1000),
      },
    },
  ]
}

/** A demonstration holds only the history. */
function readHistory(history: JsonObject[]): ForeignRun {
  const turns = history.flatMap((raw) => {
    const [message] = readMessages([withCallId(raw)], 'user').messages
    if (message === undefined) return []
    const by =
      message.role === 'assistant'
        ? ('agent' as const)
        : message.role === 'tool'
          ? ('tool' as const)
          : ('other' as const)
    return [{ message, by, at_ms: null }]
  })
  return { source_id: '1', steps: readTurns(turns), agent: 'swe-agent', input: taskOf(history) }
}

/** Results name their calls in a list. */
function withCallId(raw: JsonObject): JsonObject {
  const id = Array.isArray(raw.tool_call_ids) ? raw.tool_call_ids[0] : undefined
  return id === undefined ? raw : { ...raw, tool_call_id: id }
}

function taskOf(history: JsonObject[]): JsonValue | undefined {
  const first = history.find(({ role, is_demo }) => role === 'user' && is_demo !== true)
  const [message] =
    first === undefined ? [] : readMessages([{ ...first, content: unpack(first.content) ?? '' }], 'user').messages
  return message === undefined ? undefined : textOf(message)
}

const REASONS: Record<string, string> = {
  exit_cost: 'cost_limit',
  exit_context: 'context_length',
  exit_format: 'format_error',
  exit_error: 'error',
  exit_api: 'api_error',
  exit_environment_error: 'environment_error',
  exit_command_timeout: 'timeout',
  exit_total_execution_time: 'time_limit',
  exit_forfeit: 'aborted',
  early_exit: 'aborted',
}

/** `submitted (exit_cost)` is a run that ran out of money, whatever was handed in at the end. */
function stopReason(status: string | undefined): string | undefined {
  if (status === undefined) return undefined
  const cause = /\((\w+)\)$/.exec(status)?.[1] ?? status
  return REASONS[cause] ?? cause
}

/** Of SWE-agent and mini-swe-agent. */
export const sweAgentFormat: ForeignFormat = traceFormat(
  'swe-agent',
  'SWE-agent trajectory',
  (text) => {
    if (!/^\uFEFF?\s*\{/.test(text)) return false
    if (/"trajectory_format"\s*:\s*"mini-swe-agent/.test(text)) return true
    const isWhole = /"trajectory"\s*:\s*\[/.test(text) && /"(?:observation|history)"\s*:/.test(text)
    return isWhole || (/^\uFEFF?\s*\{\s*"history"\s*:\s*\[/.test(text) && /"message_type"\s*:/.test(text))
  },
  readSweAgent,
)
