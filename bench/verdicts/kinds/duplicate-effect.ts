import { base, completed, handOver, leak, sleep } from '../agent/policy.ts'
import { askTool, getJson } from '../agent/tools.ts'
import type { AgentOutput, Policy, Session } from '../agent/types.ts'
import { call, say } from '../world/script.ts'
import type { Kind } from './kind.ts'

const tool = { name: 'create_ticket', description: 'Opens a ticket.', parameters: ['topic'], effect: true }

const twice = (pauseMs: number): Policy['runTool'] => {
  return async (asked, session, policy) => {
    const first = await askTool(asked, session, policy)
    if (first.ok) return first
    if (pauseMs > 0) await sleep(pauseMs)
    return askTool(asked, session, policy)
  }
}

/** Looks at what was left behind, as the night shift does. */
async function audited(text: string): Promise<AgentOutput> {
  const { count } = (await getJson('count_tickets', unfixed)) as { count: number }
  return count > 1 ? { stop_reason: 'duplicate_ticket', answer: text } : completed(text)
}

const unfixed: Policy = { ...base, tools: [tool], runTool: twice(80), finish: (_, text) => audited(text) }

const failed = (session: Session): boolean => session.calls.at(-1)?.ok === false
const once: Partial<Policy> = {
  runTool: askTool,
  afterTools: (session) => (failed(session) ? handOver('do not know whether your ticket was opened') : undefined),
}

export const duplicateEffect: Kind = {
  id: 'duplicate-effect',
  title: 'opening a ticket answers 504 after it was opened, and the agent opens it again',
  question: 'Please open a ticket about my broken lamp.',
  styles: ['openai', 'anthropic'],
  world: {
    model: ({ results }) => {
      const ticket = results('create_ticket').at(-1)
      return ticket ? say(`A colleague works on your ticket ${ticket.id}.`) : call('create_ticket', { topic: 'lamp' })
    },
    tools: {
      create_ticket: (_, nth, __, isRepeat) =>
        nth === 1 && !isRepeat ? { status: 504, body: 'gateway time-out' } : { body: { id: `T-${nth}` } },
      count_tickets: (_, __, asked) => ({ body: { count: asked('create_ticket') } }),
    },
  },
  incident: {
    trigger: { span: 'tool_call:create_ticket', error_class: 'timeout' },
    cause: { signal: 'retries', at_least: 1 },
    symptom: { signal: 'stop_reason', is: 'duplicate_ticket' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'never-repeat-an-effect',
      truth: 'fixed',
      because: 'A ticket that may have been opened is not opened again; a person looks.',
      policy: once,
    },
    {
      id: 'idempotency-key',
      truth: 'fixed',
      because: 'Both requests bear the same key, by which the tickets service knows the second for the first.',
      policy: { toolHeaders: { ...base.toolHeaders, 'idempotency-key': 'lamp-1' } },
      unproved: 'the recorded requests bore no key, so nobody knows from them what the service does with one',
    },
    {
      id: 'skip-the-audit',
      truth: 'masked',
      because: 'The second ticket is still opened; only nobody looks any more.',
      policy: { finish: (_, text) => completed(text) },
    },
    {
      id: 'second-try-at-once',
      truth: 'no-op',
      because: 'The ticket is opened twice as before, only without a pause.',
      policy: { runTool: twice(0) },
    },
    {
      id: 'once-with-details',
      truth: 'regressing',
      because: 'The ticket is opened once, but the customer reads the gateway’s error.',
      policy: { ...once, afterTools: (session) => (failed(session) ? leak(session.calls.at(-1)) : undefined) },
    },
    {
      id: 'no-tickets',
      truth: 'bypass',
      because: 'No ticket is opened at all, so nothing is known about a gateway that times out.',
      policy: { beforeTools: () => handOver('open no tickets') },
    },
    {
      id: 'once-and-newer-model',
      truth: 'old-answer',
      because: 'The newer model does not open a ticket but promises a repair; only the old answers look well.',
      policy: { ...once, model: 'desk-2' },
    },
  ],
}
