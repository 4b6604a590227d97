import { askTool } from './tools.ts'
import type { AgentOutput, FinishedCall, Policy, Session } from './types.ts'

/** What the model is told before every conversation. */
export const SYSTEM = `You work the help desk of a small shop.
Look things up before you answer. Never invent a policy, a price or a number.`

/** What every agent of the benchmark starts from. */
export const base: Omit<Policy, 'tools'> = {
  system: SYSTEM,
  model: 'desk-1',
  stream: false,
  maxTokens: 400,
  maxSteps: 6,
  attempts: 1,
  isTemporary: () => true,
  pauseMs: 0,
  truncatedAttempts: 3,
  toolTimeoutMs: 1_000,
  toolErrorBudget: 3,
  toolHeaders: { authorization: 'Bearer help-desk' },
  runTool: askTool,
  runTools: (asked, session, policy) => Promise.all(asked.map((call) => policy.runTool(call, session, policy))),
  finish: (_, text) => completed(text),
  giveUp: (reason) => ({ stop_reason: reason, answer: 'Sorry, something went wrong on our side.' }),
}

/** A run that ended well. */
export function completed(answer: string): AgentOutput {
  return { stop_reason: 'completed', answer }
}

/** Gives the conversation to a person. */
export function handOver(what = 'could not look that up'): AgentOutput {
  return completed(`I ${what}, so a colleague takes over and will write to you soon.`)
}

/** As `handOver`, with the insides of the system in it, which no customer should read. */
export function leak(call: FinishedCall | undefined, what = call?.result): AgentOutput {
  return completed(`A colleague takes over. Details: internal error of ${call?.name ?? 'the model'}: ${what}`)
}

/** The latest call of a tool. */
export function lastCall(session: Session, name: string): FinishedCall | undefined {
  return session.calls.findLast((call) => call.name === name)
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
