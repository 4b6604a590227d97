import type { JsonValue } from '../../core/json.ts'
import { GEN_AI, OTEL } from '../../model/gen-ai.ts'
import { callsOf, type Message, resultsOf } from './message.ts'
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

/**
 * The steps of a conversation: a model call for each message of the agent, asked with all that was said before, and a tool call for
 * each call that a message asks for, in the order of asking. A call that was never answered is no step: nothing says that it ran.
 */
export function readTurns(turns: readonly Turn[]): Step[] {
  const steps: Step[] = []
  const history: Message[] = []
  const answered = new Set<Message>()
  for (const [index, turn] of turns.entries()) {
    const calls = callsOf(turn.message)
    if (turn.by === 'agent') {
      steps.push(modelStep(turn, `m${index + 1}`, [...history], turns[index - 1]?.at_ms ?? null, turns, index))
    }
    for (const [nth, call] of calls.entries()) {
      const answer = findAnswer(turns, index, nth, call.id, answered)
      if (answer === undefined) continue
      answered.add(answer.message)
      const [id, args] = [`m${index + 1}.${nth + 1}`, asText(call.arguments)]
      steps.push(toolStep(id, call.name, call.id, args, turn.at_ms, { ...answer, caller: turn.caller }))
    }
    // A conversation that was cut may begin with answers to calls that it no longer holds.
    if (turn.by === 'tool' && !answered.has(turn.message)) {
      const [result] = resultsOf(turn.message)
      steps.push(toolStep(`m${index + 1}`, turn.tool ?? 'unknown tool', result?.id ?? null, undefined, null, turn))
    }
    if (turn.told !== false) history.push(turn.message)
  }
  return steps
}

function toolStep(
  id: string,
  name: string,
  call_id: string | null,
  args: string | undefined,
  started_ms: number | null,
  answer: Turn,
): Step {
  return {
    id,
    parent: null,
    kind: 'tool',
    name,
    started_ms: started_ms ?? answer.at_ms,
    ended_ms: answer.at_ms,
    error: answer.error ?? null,
    attributes: {
      [GEN_AI.operation]: 'execute_tool',
      [GEN_AI.toolName]: name,
      [GEN_AI.toolCallId]: call_id ?? undefined,
      [GEN_AI.toolArguments]: args,
      [GEN_AI.toolResult]: resultText(answer.message),
      [OTEL.caller]: answer.caller,
      [OTEL.errorMessage]: answer.error?.message ?? undefined,
      ...answer.attributes,
    },
  }
}

function modelStep(
  { message, at_ms, model, error, attributes }: Turn,
  id: string,
  input: Message[],
  before: number | null,
  turns: readonly Turn[],
  index: number,
): Step {
  const calls = callsOf(message)
  const run = calls.filter((call, nth) => findAnswer(turns, index, nth, call.id, new Set()) !== undefined)
  const missing = calls.length - run.length
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

/** By the id of the call; where calls have none, by their order behind the message. */
function findAnswer(
  turns: readonly Turn[],
  index: number,
  nth: number,
  id: string | null,
  answered: ReadonlySet<Message>,
): Turn | undefined {
  const behind = turns.slice(index + 1)
  if (id !== null) {
    return behind.find(({ message }) => !answered.has(message) && resultsOf(message).some((result) => result.id === id))
  }
  const run = behind.slice(0, behind.findIndex(({ by }) => by !== 'tool') >>> 0)
  return run[nth]
}

function resultText(message: Message): string | undefined {
  const [result] = resultsOf(message)
  const value: JsonValue | undefined = result?.response
  return value === undefined ? undefined : asText(value)
}
