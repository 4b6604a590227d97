import type { JsonObject } from '../../core/json.ts'
import { GEN_AI, OTEL } from '../../model/gen-ai.ts'
import { callsOf, field, type Message, objectAt, objectsAt, text as textAt, textOf } from './message.ts'
import { readMessages } from './read-messages.ts'
import { readTurns, type Turn } from './read-turns.ts'
import type { ForeignRun, Step } from './step.ts'

/**
 * The run of a trajectory of mini-swe-agent, of any of its versions: a list of messages with what is known of each in `extra`. Its
 * commands are calls of `bash`, whether the model asked for them by a tool or within its text.
 */
export function readMiniSwe(file: JsonObject): ForeignRun {
  const info = objectAt(file, 'info') ?? {}
  const named = textAt(objectAt(objectAt(info, 'config') ?? {}, 'model') ?? {}, 'model_name') ?? ''
  const [, provider, model] = /^(?:([^/]+)\/)?(.*)$/.exec(named) ?? []
  const raws = objectsAt(file, 'messages')
  const turns = raws.flatMap((raw, index) => readTurn(raw, raws[index + 1], model || undefined, provider))
  const status = textAt(info, 'exit_status')
  const all = status === 'Submitted' ? [...turns, ...submission(turns, textAt(info, 'submission') ?? '')] : turns
  const task = turns.find(({ message }) => message.role === 'user')
  const stats = objectAt(info, 'model_stats')
  return {
    source_id: textAt(file, 'instance_id') ?? textAt(info, 'instance_id') ?? '1',
    steps: readTurns(all),
    release: textAt(info, 'mini_version'),
    agent: 'mini-swe-agent',
    input: task === undefined ? undefined : textOf(task.message),
    output: textAt(info, 'submission'),
    stop_reason: status === undefined ? undefined : toReason(status),
    ...(stats !== undefined && {
      remarks: [
        {
          code: 'usage',
          message: `${String(stats.api_calls)} model calls, ${String(stats.instance_cost)} US dollars`,
          data: stats,
        },
      ],
    }),
  }
}

/** `LimitsExceeded` and its like, in one form with the reasons of others. */
function toReason(status: string): string {
  return status === 'UserInterruption' ? 'aborted' : status.replace(/(?<=[a-z\d])(?=[A-Z])/g, '_').toLowerCase()
}

function readTurn(
  raw: JsonObject,
  next: JsonObject | undefined,
  model: string | undefined,
  provider: string | undefined,
): Turn[] {
  // It says how the run ended, and the model was never told of it.
  if (raw.role === 'exit') return []
  const extra = objectAt(raw, 'extra') ?? {}
  const at_ms = typeof extra.timestamp === 'number' ? extra.timestamp * 1000 : null
  return readMessages(raw, raw.object === 'response' ? 'assistant' : 'user').messages.map((message): Turn => {
    if (message.role === 'assistant') {
      const asked = { ...message, parts: [...message.parts, ...commandsOf(raw, message, next)] }
      return { message: asked, by: 'agent', at_ms, model, attributes: attributesOf(extra, provider) }
    }
    const code = returnCode(raw)
    if (code === null) return { message, by: message.role === 'tool' ? 'tool' : 'other', at_ms }
    const error = errorOf(extra, code, textOf(message))
    if (message.role === 'tool') return { message, by: 'tool', at_ms, error }
    const response = textOf(message)
    const told: Message = { ...message, role: 'user', parts: [{ type: 'tool_call_response', id: null, response }] }
    return { message: told, by: 'tool', at_ms, error }
  })
}

/** The commands of a message that asks for them in its text: as they were understood, or as the one block of code that was run. */
function commandsOf(raw: JsonObject, message: Message, next: JsonObject | undefined): Message['parts'] {
  if (callsOf(message).length > 0) return []
  const understood = objectsAt(objectAt(raw, 'extra') ?? {}, 'actions').flatMap(
    (action) => textAt(action, 'command') ?? [],
  )
  const blocks = [...textOf(message).matchAll(/```(?:bash|mswea_bash_command)\s*\n([\s\S]*?)\n?```/g)]
  const wasRun = next === undefined || next.role === 'exit' || returnCode(next) !== null
  const run = blocks.length === 1 && wasRun ? blocks.map(([, command]) => command as string) : []
  const commands = understood.length > 0 ? understood : run
  return commands.map((command) => ({ type: 'tool_call', id: null, name: 'bash', arguments: { command } }))
}

/** The exit code that an observation tells beside its text, or in it; null for a message that is no observation. */
function returnCode(raw: JsonObject): number | null {
  const told = objectAt(raw, 'extra')?.returncode
  if (typeof told === 'number') return told
  const [, code] = /^\s*<returncode>(-?\d+)<\/returncode>/.exec(String(field(raw, 'content', 'output') ?? '')) ?? []
  return code === undefined ? null : Number(code)
}

function errorOf(extra: JsonObject, code: number, said: string): Step['error'] {
  const thrown = textAt(extra, 'exception_info')
  if (thrown !== undefined) return { type: null, message: thrown }
  return code === 0 ? null : { type: 'tool_error', message: said || `exit code ${code}` }
}

/** The command that hands in the result ends the run, and its output is the submission. */
function submission(turns: readonly Turn[], response: string): Turn[] {
  const last = turns.at(-1)
  const call = last?.by === 'agent' ? callsOf(last.message).at(-1) : undefined
  if (last === undefined || call === undefined) return []
  const message: Message = { role: 'tool', parts: [{ type: 'tool_call_response', id: call.id, response }] }
  return [{ message, by: 'tool', at_ms: last.at_ms, told: false }]
}

function attributesOf(extra: JsonObject, provider: string | undefined): Step['attributes'] {
  const response = objectAt(extra, 'response') ?? {}
  const usage = objectAt(response, 'usage') ?? {}
  const reason = textAt(objectsAt(response, 'choices')[0] ?? {}, 'finish_reason')
  const count = (...names: string[]) => names.map((name) => usage[name]).find((value) => typeof value === 'number')
  return {
    [GEN_AI.provider]: provider,
    [GEN_AI.responseModel]: textAt(response, 'model'),
    [GEN_AI.responseId]: textAt(response, 'id'),
    [GEN_AI.inputTokens]: count('prompt_tokens', 'input_tokens'),
    [GEN_AI.outputTokens]: count('completion_tokens', 'output_tokens'),
    [GEN_AI.finishReasons]: reason === undefined ? undefined : [reason],
    [OTEL.cost]: typeof extra.cost === 'number' && extra.cost > 0 ? extra.cost : undefined,
  }
}
