import { askModel, type Reply } from './model.ts'
import { SYSTEM_PROMPT } from './prompt.ts'
import { apologise, handOver } from './replies.ts'
import { runTool } from './tools.ts'
import type { Message, Session, SupportInput, SupportOutput, ToolCall } from './types.ts'

type GiveUpReason = Exclude<SupportOutput['stop_reason'], 'completed'>

/** All that a release may tune. A hook that returns an output ends the run with it. */
export interface Behaviour {
  systemPrompt: string
  /** Model calls before the agent gives up. */
  maxSteps: number
  /** Steps in a row with a failed tool before the agent gives up. */
  toolErrorBudget: number
  toolTimeoutMs: number
  modelAttempts: number
  /** Pause after the n-th failed attempt to reach the model, counted from 1. */
  modelBackOffMs: (attempt: number) => number
  beforeTools?: (session: Session, asked: ToolCall[]) => SupportOutput | undefined
  afterTools?: (session: Session) => Promise<SupportOutput | undefined>
  giveUp: (reason: GiveUpReason, session: Session, error?: unknown) => SupportOutput
}

/** The agent as it is in production: release 2.5.1. */
export const released: Behaviour = {
  systemPrompt: SYSTEM_PROMPT,
  maxSteps: 6,
  toolErrorBudget: 4,
  toolTimeoutMs: 2000,
  // Since 2.5.0 the SDK's own retries are off and we try again at once: its pauses made the chat feel slow.
  modelAttempts: 4,
  modelBackOffMs: () => 0,
  giveUp: (reason, session) =>
    reason === 'max_steps' ? handOver(session, reason) : { stop_reason: reason, answer: apologise(), ticket: null },
}

/** Answers one customer message. */
export function run(input: SupportInput): Promise<SupportOutput> {
  return converse(input, released)
}

/** The agent's loop: ask the model, carry out the tools it asks for, tell it the results, until it answers in words. */
export async function converse(input: SupportInput, behaviour: Behaviour): Promise<SupportOutput> {
  const session: Session = { input, messages: openingMessages(input, behaviour), calls: [] }
  let failedSteps = 0
  for (let step = 0; step < behaviour.maxSteps; step++) {
    let reply: Reply
    try {
      reply = await askModel(session.messages, { ...behaviour, stream: input.channel === 'chat' })
    } catch (error) {
      return behaviour.giveUp('step_error', session, error)
    }
    session.messages.push(reply.message)
    if (reply.asked.length === 0) return { stop_reason: 'completed', answer: reply.text, ticket: null }

    const instead = behaviour.beforeTools?.(session, reply.asked)
    if (instead) return instead
    const finished = await Promise.all(reply.asked.map((call) => runTool(call, behaviour.toolTimeoutMs)))
    session.calls.push(...finished)
    for (const { id, result } of finished) session.messages.push({ role: 'tool', tool_call_id: id, content: result })
    const early = await behaviour.afterTools?.(session)
    if (early) return early

    failedSteps = finished.some((call) => !call.ok) ? failedSteps + 1 : 0
    if (failedSteps === behaviour.toolErrorBudget) return behaviour.giveUp('tool_error', session)
  }
  return behaviour.giveUp('max_steps', session)
}

function openingMessages(input: SupportInput, behaviour: Behaviour): Message[] {
  return [
    { role: 'system', content: behaviour.systemPrompt },
    { role: 'user', content: input.message },
  ]
}
