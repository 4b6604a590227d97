import { base, handOver, leak, SYSTEM } from '../agent/policy.ts'
import { askTool } from '../agent/tools.ts'
import type { Policy, Session } from '../agent/types.ts'
import { call, say } from '../world/script.ts'
import type { Kind } from './kind.ts'

const tools = [
  { name: 'get_customer', description: 'Who is asking.', parameters: [] },
  { name: 'lookup_order', description: 'Looks an order up.', parameters: ['order_id'] },
]
const unfixed: Policy = { ...base, tools, toolErrorBudget: 2 }

const unreadable = (session: Session): boolean => session.asked.some(({ args }) => args === undefined)
const refuse: Partial<Policy> = {
  beforeTools: (session) => (unreadable(session) ? handOver('did not understand myself') : undefined),
}

export const malformedArguments: Kind = {
  id: 'malformed-arguments',
  title: 'the model breaks off within its arguments, and the agent asks the orders service for nothing',
  question: 'Where is order A-17?',
  styles: ['openai', 'langgraph'],
  world: {
    model: ({ results }) => {
      if (results('get_customer').length === 0) return call('get_customer', {})
      const order = results('lookup_order').at(-1)
      if (order && !('error' in order)) return say(`A colleague handed it over on ${order.day}.`)
      return {
        kind: 'call',
        text: 'I look the order up.',
        calls: [{ name: 'lookup_order', args: '{"order_id":"A-17' }],
      }
    },
    tools: {
      get_customer: () => ({ body: { name: 'Kim' } }),
      lookup_order: ({ order_id }) =>
        order_id === 'A-17' ? { body: { day: 'Monday' } } : { status: 404, body: { error: 'no such order' } },
    },
  },
  incident: {
    trigger: { span: 'llm_generate', result: { matches: 'look the order up' } },
    cause: { signal: 'error_classes', of: 'not_found', at_least: 1 },
    symptom: { signal: 'stop_reason', is: 'tool_error' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'refuse-the-unreadable',
      truth: 'fixed',
      because: 'Arguments that cannot be read are never sent; a person takes over.',
      policy: refuse,
    },
    {
      id: 'close-the-brackets',
      truth: 'fixed',
      because: 'What is missing is added, the order is looked up and its day is told.',
      policy: {
        runTool: (asked, session, policy) => {
          const order = /A-\d+/.exec(asked.text)?.[0]
          return askTool(asked.args || !order ? asked : { ...asked, args: { order_id: order } }, session, policy)
        },
      },
      unproved: 'the recorded run never asked for the right order',
    },
    {
      id: 'call-it-completed',
      truth: 'masked',
      because: 'The service is still asked for nothing, twice.',
      policy: { giveUp: () => handOver() },
    },
    {
      id: 'one-try',
      truth: 'no-op',
      because: 'The service is still asked for nothing, and the run fails as before, a step earlier.',
      policy: { toolErrorBudget: 1 },
    },
    {
      id: 'refuse-with-details',
      truth: 'regressing',
      because: 'The service is not asked, but the customer reads the broken arguments.',
      policy: { beforeTools: (session) => (unreadable(session) ? leak(undefined, session.asked[0]?.text) : undefined) },
    },
    {
      id: 'hand-over-by-name',
      truth: 'bypass',
      because: 'The run ends before the model writes any argument.',
      policy: { afterTools: () => handOver() },
    },
    {
      id: 'refuse-and-stricter-prompt',
      truth: 'old-answer',
      because: 'Told to write short arguments, the model writes none and invents an answer.',
      policy: { ...refuse, system: `${SYSTEM} Keep arguments short.` },
    },
  ],
}
