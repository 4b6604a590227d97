import { sha256 } from '../core/hash.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { buildImport } from './trace/build-import.ts'
import { type Message, objectAt, objectsAt, text as textAt, textOf } from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { readMessages } from './trace/read-messages.ts'
import { readTurns, type Turn } from './trace/read-turns.ts'
import type { ForeignRun, Step } from './trace/step.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads results of tau2-bench: `{ info, tasks, simulations }`, each simulation a run, or one simulation alone. The simulated user calls tools of its own; their
 * steps name it as the caller and the agent's model is not told of them.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, and those of `parseTraceFile`
 */
function readTau2(text: string, options: ImportOptions): ImportResult[] {
  const runs = parseTraceFile(text, options.path)
    .filter(isJsonObject)
    .flatMap((file) =>
      simulationsOf(file).map((simulation) => readSimulation(simulation, objectAt(file, 'info') ?? {})),
    )
  if (runs.length === 0) throw notOfFormat('tau2-bench results', options.path, 'it has no simulations')
  const source = { format: 'tau2', digest: sha256(text), runs: runs.length }
  return runs.map((run) => buildImport(run, source, options))
}

/** A file of results, or one simulation alone. */
function simulationsOf(file: JsonObject): JsonObject[] {
  const isAlone = textAt(file, 'termination_reason') !== undefined && objectsAt(file, 'messages').length > 0
  return isAlone ? [file] : objectsAt(file, 'simulations')
}

function readSimulation(simulation: JsonObject, info: JsonObject): ForeignRun {
  const agent = objectAt(info, 'agent_info') ?? {}
  const environment = objectAt(info, 'environment_info') ?? {}
  const model = textAt(agent, 'llm')
  const policy = textAt(environment, 'policy')
  const system: Turn[] =
    policy === undefined
      ? []
      : [{ message: { role: 'system', parts: [{ type: 'text', content: policy }] }, by: 'other', at_ms: null }]
  const turns = [...system, ...objectsAt(simulation, 'messages').flatMap((raw) => readTurn(raw, model))]
  const first = turns.find(({ message }) => message.role === 'user')
  const reward = objectAt(simulation, 'reward_info')
  return {
    source_id: textAt(simulation, 'id') ?? `task ${String(simulation.task_id)}, trial ${String(simulation.trial)}`,
    steps: readTurns(turns),
    release: textAt(info, 'git_commit'),
    workflow: textAt(environment, 'domain_name'),
    agent: textAt(agent, 'implementation'),
    input: first === undefined ? undefined : textOf(first.message),
    stop_reason: textAt(simulation, 'termination_reason'),
    started_ms: readDate(simulation.start_time) ?? undefined,
    ended_ms: readDate(simulation.end_time) ?? undefined,
    ...(reward !== undefined && {
      remarks: [
        {
          code: 'reward',
          message: `reward ${String(reward.reward)} of task ${String(simulation.task_id)}, trial ${String(simulation.trial)}`,
          data: reward,
        },
      ],
    }),
    unknown: ['the system prompt (the policy stands in its place)'],
  }
}

/** Times have no zone; they are taken as UTC. */
function readDate(value: JsonValue | undefined): number | null {
  if (typeof value !== 'string') return null
  const time = Date.parse(/[zZ]$|[+-]\d\d:\d\d$/.test(value) ? value : `${value}Z`)
  return Number.isNaN(time) ? null : time
}

function readTurn(raw: JsonObject, model: string | undefined): Turn[] {
  const [message] = readMessages([raw], 'user').messages
  if (message === undefined) return []
  const at_ms = readDate(raw.timestamp)
  if (message.role === 'tool') return [toolTurn(raw, message, at_ms)]
  const asksAsUser = message.role !== 'assistant' && message.parts.some(({ type }) => type === 'tool_call')
  if (message.role !== 'assistant') {
    return [{ message, by: 'other', at_ms, ...(asksAsUser && { told: false, caller: 'user' }) }]
  }
  // The greeting that opens a simulation is no answer of a model.
  if (raw.turn_idx === 0 && raw.usage === null && (raw.raw_data ?? null) === null)
    return [{ message, by: 'other', at_ms }]
  return [{ message, by: 'agent', at_ms, model, error: errorOf(raw), attributes: attributesOf(raw) }]
}

function toolTurn(raw: JsonObject, message: Message, at_ms: number | null): Turn {
  const byUser = raw.requestor === 'user'
  const words = typeof raw.content === 'string' ? raw.content : null
  return {
    message,
    by: 'tool',
    at_ms,
    ...(byUser && { told: false, caller: 'user' }),
    ...(raw.error === true && { error: { type: null, message: words } }),
  }
}

/** Errors beside a message of the agent: its earlier tries that the benchmark refused as malformed. */
function errorOf(raw: JsonObject): Step['error'] {
  const { errors } = raw
  if (!Array.isArray(errors) || errors.length === 0) return null
  return { type: 'server_error', message: errors.map(String).join('\n') }
}

function attributesOf(raw: JsonObject): Step['attributes'] {
  const usage = objectAt(raw, 'usage') ?? {}
  const answer = objectAt(raw, 'raw_data') ?? {}
  const reason = textAt(answer, 'finish_reason')
  const count = (name: string) => (typeof usage[name] === 'number' ? usage[name] : undefined)
  return {
    [GEN_AI.inputTokens]: count('prompt_tokens'),
    [GEN_AI.outputTokens]: count('completion_tokens'),
    [GEN_AI.finishReasons]: reason === undefined ? undefined : [reason],
    [OTEL.cost]: typeof raw.cost === 'number' && raw.cost > 0 ? raw.cost : undefined,
  }
}

/** Of tau2-bench. */
export const tau2Format: ForeignFormat = traceFormat(
  'tau2',
  'tau2-bench results',
  (text) => {
    if (!/^\uFEFF?\s*\{/.test(text)) return false
    const isAlone = /"termination_reason"\s*:/.test(text) && /"task_id"\s*:/.test(text) && /"turn_idx"\s*:/.test(text)
    return isAlone || /"simulations"\s*:\s*\[/.test(text)
  },
  readTau2,
)
