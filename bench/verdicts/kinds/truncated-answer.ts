import { base, completed, handOver, leak, SYSTEM } from '../agent/policy.ts'
import type { Policy } from '../agent/types.ts'
import { call, say } from '../world/script.ts'
import type { Kind } from './kind.ts'

const tool = { name: 'list_orders', description: 'The orders of a customer.', parameters: ['customer'] }
const unfixed: Policy = { ...base, tools: [tool], maxTokens: 60, truncatedAttempts: 3 }

const fromFacts: Partial<Policy> = {
  onTruncated: ({ calls }) => completed(`As a colleague would put it, these are your orders: ${calls.at(-1)?.result}`),
}

export const truncatedAnswer: Kind = {
  id: 'truncated-answer',
  title: 'the answer is cut for lack of tokens, and the agent asks for it again with as few',
  question: 'Which orders have I made?',
  styles: ['openai', 'anthropic'],
  world: {
    model: ({ results, maxTokens }) => {
      if (results('list_orders').length === 0) return call('list_orders', { customer: 'Kim' })
      return maxTokens > 100
        ? say('Your orders, checked by a colleague: A-17 and A-18.')
        : { kind: 'say', text: 'Your orders, checked by a col', truncated: true }
    },
    tools: { list_orders: () => ({ body: { orders: ['A-17', 'A-18'] } }) },
  },
  incident: {
    trigger: { span: 'llm_generate', result: { matches: 'checked by a col' } },
    cause: { signal: 'truncated_answers', at_least: 2 },
    symptom: { signal: 'stop_reason', is: 'bad_output' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'answer-from-the-facts',
      truth: 'fixed',
      because: 'A cut answer is not asked for again: the list that is known is told in full.',
      policy: fromFacts,
    },
    {
      id: 'more-tokens',
      truth: 'fixed',
      because: 'With enough tokens the answer is not cut.',
      policy: { maxTokens: 400 },
      unproved: 'nobody knows from the recording how long the answer would have been',
    },
    {
      id: 'call-it-completed',
      truth: 'masked',
      because: 'The answer is still asked for three times with too few tokens.',
      policy: { giveUp: () => handOver() },
    },
    {
      id: 'pause-between',
      truth: 'no-op',
      because: 'The same question with as few tokens is cut again.',
      policy: { pauseMs: 40 },
    },
    {
      id: 'show-what-came',
      truth: 'regressing',
      because: 'It is not asked for again, but the customer reads a fragment and an internal remark.',
      policy: { onTruncated: (_, { text }) => leak(undefined, `cut off: ${text}`) },
    },
    {
      id: 'never-ask-for-words',
      truth: 'bypass',
      because: 'The model is not asked for the long answer, so that none can be cut.',
      policy: { afterTools: () => handOver() },
    },
    {
      id: 'facts-and-shorter-prompt',
      truth: 'old-answer',
      because: 'Told to answer shortly, the model does not look the orders up.',
      policy: { ...fromFacts, system: `${SYSTEM} Answer in one line.` },
    },
  ],
}
