import { base, completed, handOver, leak } from '../agent/policy.ts'
import type { Policy, Session } from '../agent/types.ts'
import { call } from '../world/script.ts'
import type { Kind } from './kind.ts'

const search = { name: 'search_docs', description: 'Searches the help centre.', parameters: ['query'] }
const finish = {
  name: 'finish',
  description: 'Ends the conversation with this answer.',
  parameters: ['answer'],
  local: true,
}
const unfixed: Policy = { ...base, tools: [search, finish], maxSteps: 6 }

const wanted = ({ asked }: Session) => asked.find(({ name }) => name === 'finish')
const stopThere: Partial<Policy> = {
  beforeTools: (session) => {
    const end = wanted(session)
    return end && completed(end.args?.answer ?? '')
  },
}

export const missingStop: Kind = {
  id: 'missing-stop',
  title: 'the model says that it is finished, and the agent asks on until its steps are used up',
  question: 'How long do parcels take?',
  styles: ['ai', 'langgraph'],
  world: {
    model: ({ results }) =>
      results('search_docs').length === 0
        ? call('search_docs', { query: 'parcels' })
        : call('finish', { answer: 'A colleague sends it within two days.' }, 'That is all I need.'),
    tools: { search_docs: () => ({ body: { hits: ['two days'] } }) },
  },
  incident: {
    trigger: { span: 'llm_generate', result: { matches: 'That is all I need' } },
    cause: { signal: 'repeated_tool_calls', tool: 'finish', at_least: 1 },
    symptom: { signal: 'stop_reason', is: 'max_steps' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'stop-when-finished',
      truth: 'fixed',
      because: 'The first time the model says that it is finished, its answer is given and the run ends.',
      policy: stopThere,
    },
    {
      id: 'answer-at-the-limit',
      truth: 'masked',
      because: 'The agent still asks on until its steps are used up, and only then gives the answer.',
      policy: { giveUp: (_, session) => completed(wanted(session)?.args?.answer ?? '') },
    },
    {
      id: 'five-steps',
      truth: 'no-op',
      because: 'It asks on until its steps are used up, which are five now.',
      policy: { maxSteps: 5 },
    },
    {
      id: 'stop-with-details',
      truth: 'regressing',
      because: 'It stops in time, but gives the customer the insides of the call.',
      policy: { beforeTools: (session) => (wanted(session) ? leak(undefined, wanted(session)?.text) : undefined) },
    },
    {
      id: 'hand-over-after-search',
      truth: 'bypass',
      because: 'The model never comes to say that it is finished.',
      policy: { afterTools: () => handOver() },
    },
    {
      id: 'stop-and-clearer-description',
      truth: 'old-answer',
      because: 'With the clearer description the model no longer searches.',
      policy: { ...stopThere, tools: [search, { ...finish, description: 'Call this once, at the end.' }] },
    },
  ],
}
