import { base, handOver, leak, SYSTEM } from '../agent/policy.ts'
import { askTool } from '../agent/tools.ts'
import type { Policy, Session } from '../agent/types.ts'
import { call, say } from '../world/script.ts'
import type { Kind } from './kind.ts'

const tools = [
  { name: 'get_balance', description: 'What the customer has paid.', parameters: ['order_id'] },
  { name: 'refund', description: 'Pays back.', parameters: ['order_id', 'amount'], effect: true },
]

const unfixed: Policy = {
  ...base,
  tools,
  toolErrorBudget: 1,
  // An error looks bad in the log.
  runTool: async (asked, session, policy) => {
    const done = await askTool(asked, session, policy)
    return asked.name === 'get_balance' && !done.ok ? { ...done, ok: true, result: '{"paid":0}' } : done
  },
}

const lost = (session: Session): boolean => session.calls.some(({ status }) => (status ?? 0) >= 500)
const notice: Partial<Policy> = {
  afterTools: (session) => (lost(session) ? handOver('cannot see what you paid') : undefined),
}

export const swallowedException: Kind = {
  id: 'swallowed-exception',
  title: 'the ledger fails, the agent takes that for a balance of zero and refunds zero',
  question: 'Please pay back order A-17.',
  styles: ['openai', 'anthropic'],
  world: {
    model: ({ results }) => {
      const balance = results('get_balance').at(-1)
      if (!balance) return call('get_balance', { order_id: 'A-17' })
      const refund = results('refund').at(-1)
      return refund
        ? say('A colleague pays it back.')
        : call('refund', { order_id: 'A-17', amount: String(balance.paid) })
    },
    tools: {
      get_balance: () => ({ status: 500, body: { error: 'ledger is down' } }),
      refund: ({ amount }) =>
        Number(amount) > 0 ? { body: { paid: amount } } : { status: 422, body: { error: 'amount' } },
    },
  },
  incident: {
    trigger: { span: 'tool_call:get_balance', error_class: 'server_error' },
    cause: { signal: 'tool_calls', tool: 'refund', at_least: 1 },
    symptom: { signal: 'stop_reason', is: 'tool_error' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'notice-the-failure',
      truth: 'fixed',
      because: 'A ledger that fails is no balance: nothing is refunded, and a person takes over.',
      policy: notice,
    },
    {
      id: 'swallow-the-next-too',
      truth: 'masked',
      because: 'Zero is still refunded; its failure is now swallowed as well.',
      policy: { giveUp: () => handOver('am paying it back') },
    },
    {
      id: 'more-steps',
      truth: 'no-op',
      because: 'The run never came near its limit of steps.',
      policy: { maxSteps: 9 },
    },
    {
      id: 'notice-with-details',
      truth: 'regressing',
      because: 'Nothing is refunded, but the customer reads the ledger’s error.',
      policy: { afterTools: (session) => (lost(session) ? leak(session.calls.at(-1)) : undefined) },
    },
    {
      id: 'no-refunds',
      truth: 'bypass',
      because: 'The ledger is never asked, so nothing is known about its failing.',
      policy: { beforeTools: () => handOver('pay nothing back') },
    },
    {
      id: 'notice-and-firmer-prompt',
      truth: 'old-answer',
      because: 'Told to be sure of amounts, the model does not look any more but promises.',
      policy: { ...notice, system: `${SYSTEM} Be sure of every amount.` },
    },
  ],
}
