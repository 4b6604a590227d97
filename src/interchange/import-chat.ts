import { sha256 } from '../core/hash.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { buildImport } from './trace/build-import.ts'
import { type Message, text as textAt, textOf } from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { readMessages } from './trace/read-messages.ts'
import { readTurns, type Turn } from './trace/read-turns.ts'
import type { ForeignRun, Step } from './trace/step.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads a conversation: a list of messages in any provider's form, an object around one, or JSON Lines of messages. A conversation of
 * several agents, as Magentic-One and Who&When write it, has a step for each thing that one of them says. It tells no times.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, and those of `parseTraceFile`
 */
function readChat(text: string, options: ImportOptions): ImportResult[] {
  const values = parseTraceFile(text, options.path)
  const [first] = values
  const raw = values.length > 1 ? values : Array.isArray(first) ? first : listOf(first)
  const items = (raw ?? []).filter(isJsonObject)
  if (items.length === 0) throw notOfFormat('a conversation', options.path, 'it holds no messages')
  const about = isJsonObject(first) ? first : {}
  const run = items.some(isSpeech) ? readSpeeches(items, about) : readConversation(items)
  if (run.steps.length === 0)
    throw notOfFormat('a conversation', options.path, 'no message in it is of a model or a tool')
  return [buildImport(run, { format: 'chat', digest: sha256(text), runs: 1 }, options)]
}

function listOf(value: JsonValue | undefined): JsonValue[] | undefined {
  if (!isJsonObject(value)) return undefined
  for (const key of ['messages', 'history', 'contents', 'conversation'])
    if (Array.isArray(value[key])) return value[key]
  return undefined
}

const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function', 'model'])

/** A message whose role is the name of an agent, or that names the agent beside its role. */
function isSpeech({ role, name, tool_calls, type }: JsonObject): boolean {
  if (typeof role !== 'string' || type !== undefined) return false
  return (
    !ROLES.has(role) || (role !== 'tool' && role !== 'function' && typeof name === 'string' && tool_calls === undefined)
  )
}

function readConversation(items: JsonObject[]): ForeignRun {
  const turns = readMessages(items, 'user').messages.map((message): Turn => {
    const by = message.role === 'assistant' ? 'agent' : message.role === 'tool' ? 'tool' : 'other'
    return { message, by, at_ms: null }
  })
  const asked = turns.find(({ message }) => message.role === 'user')
  return {
    source_id: '1',
    steps: readTurns(turns),
    input: asked === undefined ? undefined : textOf(asked.message),
    unknown: ['which model answered'],
  }
}

/** Magentic-One says why it stops; AutoGen's agents say a word when they are done. */
function stopReason(last: string, isEnd: boolean): string | undefined {
  if (!isEnd) return /\bTERMINATE\b/.test(last.slice(-40)) ? 'completed' : undefined
  if (/^Max rounds/i.test(last)) return 'max_rounds'
  if (/^Max time/i.test(last)) return 'max_time'
  return /^No agent selected/i.test(last) ? 'no_agent_selected' : undefined
}

/** Agents that run code instead of asking a model. */
const MACHINES = /^(?:computer_terminal|code_executor|executor|terminal)$/i

function readSpeeches(items: JsonObject[], about: JsonObject): ForeignRun {
  const said: Message[] = []
  const steps: Step[] = []
  let task: string | undefined
  for (const [index, item] of items.entries()) {
    const speaker = textAt(item, 'name') ?? textAt(item, 'role') ?? 'unknown'
    const content = textAt(item, 'content') ?? ''
    const message: Message = { role: speaker, parts: [{ type: 'text', content }] }
    if (/^(?:human|user)$/i.test(speaker)) task ??= content
    else steps.push(readSpeech(speaker, content, message, [...said], index))
    said.push(message)
  }
  const last = textAt(items.at(-1) ?? {}, 'content') ?? ''
  const isEnd = /termination condition/i.test(textAt(items.at(-1) ?? {}, 'role') ?? '')
  return {
    source_id: textAt(about, 'question_ID', 'question_id', 'id') ?? '1',
    steps,
    input: textAt(about, 'question') ?? task,
    ...(isEnd && { output: /FINAL ANSWER: *(.*)/.exec(last)?.[1] ?? last }),
    stop_reason: stopReason(last, isEnd),
    remarks: labelsOf(about),
    unknown: ['who asked a model and who did something else: every agent counts as a model'],
  }
}

function readSpeech(speaker: string, content: string, message: Message, before: Message[], index: number): Step {
  const base = { id: `m${index + 1}`, parent: null, started_ms: null, ended_ms: null, error: null }
  if (MACHINES.test(speaker)) {
    const code = before.at(-1)
    return {
      ...base,
      kind: 'tool',
      name: speaker,
      error: failedRun(content),
      attributes: {
        [GEN_AI.operation]: 'execute_tool',
        [GEN_AI.toolName]: speaker,
        [GEN_AI.toolArguments]: JSON.stringify({ code: code === undefined ? '' : textOf(code) }),
        [GEN_AI.toolResult]: content,
      },
    }
  }
  const isThought = /\((?:thought|termination condition)\)$/i.test(speaker)
  return {
    ...base,
    kind: isThought ? 'thought' : 'llm',
    name: speaker,
    ...(!isThought && { input: before }),
    output: [message],
    attributes: {
      ...(!isThought && { [GEN_AI.operation]: 'chat' }),
      [OTEL.speaker]: speaker.replace(/ \(.*\)$/, ''),
      ...(isThought && { [OTEL.answerText]: content }),
    },
  }
}

/** AutoGen's executor says how a program ended. */
function failedRun(content: string): Step['error'] {
  const code = /^exitcode: (\d+)/.exec(content)?.[1]
  return code === undefined || code === '0' ? null : { type: 'tool_error', message: content }
}

/** Who is said to have made the mistake is no part of the run, but kept beside it. */
function labelsOf(about: JsonObject): NonNullable<ForeignRun['remarks']> {
  const agent = textAt(about, 'mistake_agent')
  if (agent === undefined) return []
  const { mistake_step: step, mistake_reason: reason } = about
  const label = { mistake_agent: agent, mistake_step: step ?? null, mistake_reason: reason ?? null }
  return [
    {
      code: 'label',
      message: `labelled cause: ${agent}, message ${Number(step) + 1} (step m${Number(step) + 1})`,
      data: label,
    },
  ]
}

/** Conversations: lists of messages, and the transcripts of several agents. */
export const chatFormat: ForeignFormat = traceFormat(
  'chat',
  'chat messages',
  (text) => {
    const head = text.slice(0, 65_536)
    const isList = /^\uFEFF?\s*\[?\s*\{\s*"(?:role|content|name)"\s*:/.test(head)
    const isObject = /^\uFEFF?\s*\{/.test(head) && /"(?:messages|history)"\s*:\s*\[\s*\{/.test(head)
    return (isList || isObject) && /"role"\s*:/.test(head) && !OTHERS.test(text)
  },
  readChat,
)

/** What makes a file with messages in it one of another format. */
const OTHERS =
  /"(?:traj|simulations|trajectory|message_type|eval|resource_?[sS]pans|batches|observations|run_type|span_id|spanId|\$schemaVersion|entries|interactions|recordings)"\s*:|"object"\s*:\s*"trace/
