import { sleep } from './policy.ts'
import type { AgentOutput, FinishedCall, Policy, Session, ToolCall, Turn } from './types.ts'

/** Begins a run. */
export function openSession(question: string): Session {
  return { question, steps: 0, tokens: 0, asked: [], calls: [], failedSteps: 0 }
}

/** One model call: leaves what the model asked for in the session, or ends the run. */
export async function think(
  session: Session,
  policy: Policy,
  ask: () => Promise<Turn>,
): Promise<AgentOutput | undefined> {
  if (session.steps >= policy.maxSteps) return policy.giveUp('max_steps', session)
  const instead = policy.beforeAsk?.(session)
  if (instead) return instead
  session.steps++
  for (let tries = 1; ; tries++) {
    let turn: Turn
    try {
      turn = await askPatiently(policy, ask)
    } catch {
      return policy.giveUp('step_error', session)
    }
    session.tokens += turn.tokens
    session.asked = turn.calls
    if (turn.calls.length > 0) return undefined
    if (!turn.truncated) return policy.finish(session, turn.text)
    const cut = policy.onTruncated?.(session, turn)
    if (cut) return cut
    if (tries >= policy.truncatedAttempts) return policy.giveUp('bad_output', session)
    if (policy.pauseMs > 0) await sleep(policy.pauseMs)
  }
}

/** Carries out what the model asked for. */
export async function act(
  session: Session,
  policy: Policy,
): Promise<{ output: AgentOutput | undefined; results: FinishedCall[] }> {
  const before = await policy.beforeTools?.(session)
  if (before) return { output: before, results: [] }
  const results = await policy.runTools(session.asked, session, policy)
  session.calls.push(...results)
  const after = await policy.afterTools?.(session)
  if (after) return { output: after, results }
  session.failedSteps = results.some(({ ok }) => !ok) ? session.failedSteps + 1 : 0
  const spent = session.failedSteps >= policy.toolErrorBudget
  return { output: spent ? await policy.giveUp('tool_error', session) : undefined, results }
}

/** A tool call as any SDK gives it. */
export function toCall(id: string, name: string, text: string): ToolCall {
  let args: unknown
  try {
    args = JSON.parse(text)
  } catch {
    // Models make mistakes; what to do about it is the policy's.
  }
  const readable = typeof args === 'object' && args !== null
  return { id, name, text, args: readable ? (args as Record<string, string>) : undefined }
}

async function askPatiently(policy: Policy, ask: () => Promise<Turn>): Promise<Turn> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (error) {
      if (attempt >= policy.attempts || !policy.isTemporary(error)) throw error
      if (policy.pauseMs > 0) await sleep(policy.pauseMs)
    }
  }
}
