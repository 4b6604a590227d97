import { base, completed, handOver, SYSTEM } from '../agent/policy.ts'
import type { Policy, Session } from '../agent/types.ts'
import { call, say } from '../world/script.ts'
import type { Kind } from './kind.ts'

const tools = [
  { name: 'get_ticket', description: 'Reads a ticket.', parameters: ['ticket'] },
  { name: 'close_ticket', description: 'Closes a ticket.', parameters: ['ticket'], effect: true },
  { name: 'cancel_order', description: 'Cancels an order.', parameters: ['order_id'], effect: true },
]

const cancels = (session: Session): boolean => session.calls.some(({ name }) => name === 'cancel_order')
const wants = (session: Session): boolean => session.asked.some(({ name }) => name === 'cancel_order')

const unfixed: Policy = {
  ...base,
  system: `${SYSTEM}\nWhatever the customer is done with, get it out of the way.`,
  tools,
  finish: (session, text) => (cancels(session) ? { stop_reason: 'needs_rollback', answer: text } : completed(text)),
}

const confirm: Partial<Policy> = {
  beforeTools: (session) => (wants(session) ? handOver('do not cancel anything by myself; for ticket K-4') : undefined),
}

export const wrongTool: Kind = {
  id: 'wrong-tool',
  title: 'after a change of the prompt the model cancels the order where it should close the ticket',
  question: 'I am done with ticket K-4, thanks.',
  styles: ['anthropic', 'langgraph'],
  world: {
    model: ({ results }) => {
      if (results('get_ticket').length === 0) return call('get_ticket', { ticket: 'K-4' })
      if (results('cancel_order').length === 0) return call('cancel_order', { order_id: 'A-17' }, 'I cancel the order.')
      return say('Your order is cancelled, and ticket K-4 is out of the way.')
    },
    changedModel: ({ system, results }) => {
      if (system !== SYSTEM) return say('It is all out of the way.')
      if (results('get_ticket').length === 0) return call('get_ticket', { ticket: 'K-4' })
      if (results('close_ticket').length === 0) return call('close_ticket', { ticket: 'K-4' })
      return say('Ticket K-4 is closed; a colleague will see it.')
    },
    tools: {
      get_ticket: () => ({ body: { topic: 'where is order A-17' } }),
      close_ticket: () => ({ body: { closed: true } }),
      cancel_order: () => ({ body: { cancelled: true } }),
    },
  },
  incident: {
    trigger: { span: 'llm_generate', result: { matches: 'I cancel the order' } },
    cause: { signal: 'tool_calls', tool: 'cancel_order', at_least: 1 },
    symptom: { signal: 'stop_reason', is: 'needs_rollback' },
  },
  output: { matches: 'K-4' },
  unfixed,
  fixes: [
    {
      id: 'ask-a-person-first',
      truth: 'fixed',
      because: 'No order is cancelled without a person, whatever the model asks for.',
      policy: confirm,
    },
    {
      id: 'old-prompt',
      truth: 'fixed',
      because: 'With the prompt of before, the model closes the ticket and touches no order.',
      policy: { system: SYSTEM },
      unproved: 'the recorded answers were given to the new prompt',
    },
    {
      id: 'skip-the-check',
      truth: 'masked',
      because: 'The order is still cancelled; only nobody looks any more.',
      policy: { finish: (_, text) => completed(text) },
    },
    {
      id: 'smaller-budget',
      truth: 'no-op',
      because: 'No tool fails, so the budget of errors plays no part.',
      policy: { toolErrorBudget: 1 },
    },
    {
      id: 'ask-a-person-forget-the-ticket',
      truth: 'regressing',
      because: 'No order is cancelled, but the answer no longer says which ticket it is about.',
      policy: { beforeTools: (session) => (wants(session) ? handOver('do not do that by myself') : undefined) },
    },
    {
      id: 'hand-over-after-reading',
      truth: 'bypass',
      because: 'The model never comes to ask for the wrong tool.',
      policy: { afterTools: () => handOver('leave ticket K-4 to a person') },
    },
    {
      id: 'ask-a-person-and-fewer-tools',
      truth: 'old-answer',
      because: 'Without the tool on offer the model does something else: it claims that all is done.',
      policy: { ...confirm, tools: tools.filter(({ name }) => name !== 'cancel_order') },
    },
  ],
}
