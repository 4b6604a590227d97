import { GEN_AI, OTEL } from '../../model/gen-ai.ts'
import { callsOf, errorOfResult, type Message, resultsOf, type ToolCall, type ToolResult } from './message.ts'
import { asText } from './read-span.ts'
import type { Step } from './step.ts'

/** One message of a recorded conversation, and what is known beside it. */
export interface Turn {
  message: Message
  /** Who made it: the agent's model, the tools, or anybody else. */
  by: 'agent' | 'tool' | 'other'
  /** When it was there, milliseconds since the epoch; null when not known. */
  at_ms: number | null
  /** False for what the agent's model is not told: what a simulated user does with tools of its own. */
  told?: boolean | undefined
  /** Who called the tools that this turn calls or answers, where it is not the agent. */
  caller?: string | undefined
  model?: string | undefined
  /** The tool, where an answer of one names it. */
  tool?: string | undefined
  error?: Step['error'] | undefined
  attributes?: Step['attributes'] | undefined
}

/** A result that a call got, and the turn that told it. */
interface Answer {
  turn: Turn
  result: ToolResult | undefined
}

/**
 * The steps of a conversation: a model call for each message of the agent, asked with all that was said before, and a tool call for
 * each call that a message asks for, in the order of asking. A call that was never answered is no step: nothing says that it ran.
 */
export function readTurns(turns: readonly Turn[]): Step[] {
  const steps: Step[] = []
  const history: Message[] = []
  const taken = new Set<ToolResult>()
  const known = new Set(turns.flatMap(({ message }) => callsOf(message)).map(({ id }) => id))
  for (const [index, turn] of turns.entries()) {
    const calls = callsOf(turn.message)
    const answers = calls.map((call) => {
      const answer = findAnswer(turns, index, call, known, taken)
      if (answer?.result !== undefined) taken.add(answer.result)
      return answer
    })
    if (turn.by === 'agent') {
      const missing = answers.filter((answer) => answer === undefined).length
      steps.push(modelStep(turn, `m${index + 1}`, [...history], turns[index - 1]?.at_ms ?? null, missing))
    }
    for (const [nth, call] of calls.entries()) {
      const answer = answers[nth]
      if (answer === undefined) continue
      const [id, args] = [`m${index + 1}.${nth + 1}`, asText(call.arguments)]
      steps.push(toolStep(id, call.name, call.id, args, turn.at_ms, answer, turn.caller))
    }
    if (turn.by === 'tool') steps.push(...unaskedSteps(turn, `m${index + 1}`, taken))
    if (turn.told !== false) history.push(turn.message)
  }
  return steps
}

/** A conversation that was cut may begin with answers to calls that it no longer holds. */
function unaskedSteps(turn: Turn, id: string, taken: ReadonlySet<ToolResult>): Step[] {
  const results = resultsOf(turn.message)
  const left: (ToolResult | undefined)[] = results.length === 0 ? [undefined] : results.filter((one) => !taken.has(one))
  return left.map((result, nth) => {
    const name = turn.tool ?? result?.name ?? 'unknown tool'
    const own = results.length > 1 ? `${id}.${nth + 1}` : id
    return toolStep(own, name, result?.id ?? null, undefined, null, { turn, result }, turn.caller)
  })
}

function toolStep(
  id: string,
  name: string,
  call_id: string | null,
  args: string | undefined,
  started_ms: number | null,
  { turn, result }: Answer,
  caller: string | undefined,
): Step {
  const error = turn.error ?? (result === undefined ? null : errorOfResult(result))
  return {
    id,
    parent: null,
    kind: 'tool',
    name,
    started_ms: started_ms ?? turn.at_ms,
    ended_ms: turn.at_ms,
    error,
    attributes: {
      [GEN_AI.operation]: 'execute_tool',
      [GEN_AI.toolName]: name,
      [GEN_AI.toolCallId]: call_id ?? undefined,
      [GEN_AI.toolArguments]: args,
      [GEN_AI.toolResult]: result === undefined ? undefined : asText(result.response),
      [OTEL.caller]: caller,
      [OTEL.errorMessage]: error?.message ?? undefined,
      ...turn.attributes,
    },
  }
}

function modelStep(
  { message, at_ms, model, error, attributes }: Turn,
  id: string,
  input: Message[],
  before: number | null,
  missing: number,
): Step {
  return {
    id,
    parent: null,
    kind: 'llm',
    name: model ?? message.name ?? 'assistant',
    started_ms: before ?? at_ms,
    ended_ms: at_ms,
    error: error ?? null,
    input,
    output: [message],
    attributes: {
      [GEN_AI.operation]: 'chat',
      [GEN_AI.requestModel]: model,
      [OTEL.notExecuted]: missing > 0 ? missing : undefined,
      [OTEL.errorMessage]: error?.message ?? undefined,
      ...attributes,
    },
  }
}

/** By the id of the call; where it has none, or no result bears it, by name and order among the results before the next message of the agent. */
function findAnswer(
  turns: readonly Turn[],
  index: number,
  { id, name }: ToolCall,
  known: ReadonlySet<string | null>,
  taken: ReadonlySet<ToolResult>,
): Answer | undefined {
  const loose: Answer[] = []
  let isNear = true
  for (let at = index + 1; at < turns.length && (isNear || id !== null); at++) {
    const turn = turns[at] as Turn
    const calls = callsOf(turn.message)
    isNear &&= turn.by !== 'agent' && calls.length === 0
    // An id that is asked with again belongs to the later call from there on.
    if (id !== null && calls.some((call) => call.id === id)) break
    for (const result of resultsOf(turn.message).filter((one) => !taken.has(one))) {
      if (id !== null && result.id === id) return { turn, result }
      if (isNear && (id === null || result.id === null || !known.has(result.id))) loose.push({ turn, result })
    }
  }
  return loose.find(({ result }) => result?.name === name) ?? loose.find(({ result }) => result?.name === undefined)
}
