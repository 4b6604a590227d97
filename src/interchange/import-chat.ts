import { sha256 } from '../core/hash.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { buildImport } from './trace/build-import.ts'
import { field, type Message, objectAt, objectsAt, text as textAt, textOf } from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { readMessages } from './trace/read-messages.ts'
import { readTurns, type Turn } from './trace/read-turns.ts'
import type { ForeignRun, Step } from './trace/step.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads a conversation: a list of messages in any provider's form, an object around one, or JSON Lines of messages; of several
 * objects with messages, each is a run. A conversation of
 * several agents, as Magentic-One and Who&When write it, has a step for each thing that one of them says. It tells no times.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, and those of `parseTraceFile`
 */
function readChat(text: string, options: ImportOptions): ImportResult[] {
  const values = parseTraceFile(text, options.path)
  const found = conversationsIn(values)
  const runs = found.flatMap(({ items, about }, index) => {
    const id = found.length > 1 ? (textAt(about, 'id', 'question_ID', 'question_id') ?? `line ${index + 1}`) : undefined
    const read = items.some(isSpeech) ? readSpeeches(items, about) : readConversation(items, about)
    return read.steps.length === 0 ? [] : [{ ...read, ...(id !== undefined && { source_id: id }) }]
  })
  if (found.length === 0) throw notOfFormat('a conversation', options.path, 'it holds no messages')
  if (runs.length === 0) throw notOfFormat('a conversation', options.path, 'no message in it is of a model or a tool')
  const source = { format: 'chat', digest: sha256(text), runs: runs.length }
  return runs.map((run) => buildImport(run, source, options))
}

interface Conversation {
  items: JsonObject[]
  /** The object around the messages; empty where there is none. */
  about: JsonObject
}

/** One conversation, or one for each line or entry that holds a list of messages. */
function conversationsIn(values: JsonValue[]): Conversation[] {
  const [first] = values
  const entries = values.length === 1 && Array.isArray(first) ? first : values
  const whole = entries.map((value) => ({
    items: (listOf(value) ?? []).filter(isJsonObject),
    about: isJsonObject(value) ? value : {},
  }))
  if (whole.some(({ items }) => items.length > 0)) return whole.filter(({ items }) => items.length > 0)
  const items = entries.filter(isJsonObject)
  return items.length === 0 ? [] : [{ items, about: {} }]
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

/** What was asked stands around the messages in a request that was saved: the model, the system prompt, the tools on offer. */
function readConversation(items: JsonObject[], about: JsonObject): ForeignRun {
  const model = textAt(about, 'model')
  const system = field(about, 'system', 'instructions', 'systemInstruction')
  const tools = objectsAt(about, 'tools').flatMap((tool) => textAt(objectAt(tool, 'function') ?? tool, 'name') ?? [])
  const messages = readMessages({ messages: items, ...(system !== undefined && { system }) }, 'user').messages
  const turns = messages.map((message): Turn => {
    const by = message.role === 'assistant' ? 'agent' : message.role === 'tool' ? 'tool' : 'other'
    if (by !== 'agent') return { message, by, at_ms: null }
    const attributes = {
      [GEN_AI.finishReasons]: message.finish_reason === undefined ? undefined : [message.finish_reason],
      [OTEL.knownTools]: tools.length > 0 ? tools : undefined,
    }
    return { message, by, at_ms: null, model, attributes }
  })
  const asked = turns.find(({ message }) => message.role === 'user')
  return {
    source_id: '1',
    steps: readTurns(turns),
    input: asked === undefined ? undefined : textOf(asked.message),
    unknown: model === undefined ? ['which model answered'] : [],
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
