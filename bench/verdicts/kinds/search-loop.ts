import { base, handOver, lastCall, leak, sleep } from '../agent/policy.ts'
import { askTool } from '../agent/tools.ts'
import type { Policy, Session } from '../agent/types.ts'
import { call, say } from '../world/script.ts'
import type { Kind } from './kind.ts'

const tool = { name: 'search_docs', description: 'Searches the help centre.', parameters: ['query'] }
const unfixed: Policy = { ...base, tools: [tool], maxSteps: 6 }

const repeats = (session: Session): boolean =>
  session.calls.length > 1 && session.calls.at(-1)?.result === session.calls.at(-2)?.result
const stopRepeating: Partial<Policy> = { afterTools: (session) => (repeats(session) ? handOver() : undefined) }

export const searchLoop: Kind = {
  id: 'search-loop',
  title: 'the search finds nothing, and the agent asks the same until its steps are used up',
  question: 'Does the balance of a gift card run out?',
  styles: ['anthropic', 'ai'],
  world: {
    model: ({ results }) => {
      const last = results('search_docs').at(-1) as { hits: string[] } | undefined
      return last?.hits.length ? say(`No: ${last.hits[0]}`) : call('search_docs', { query: 'gift card expiry' })
    },
    tools: { search_docs: () => ({ body: { hits: [] } }) },
  },
  incident: {
    trigger: { span: 'tool_call:search_docs', result: { matches: '"hits":\\s*\\[\\]' } },
    cause: { signal: 'repeated_same_result', tool: 'search_docs', at_least: 2 },
    symptom: { signal: 'stop_reason', is: 'max_steps' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'stop-repeating',
      truth: 'fixed',
      because: 'The second time that the same question brings the same nothing, a person takes over.',
      policy: stopRepeating,
    },
    {
      id: 'call-it-completed',
      truth: 'masked',
      because: 'The agent still asks six times the same; only the word at the end is another.',
      policy: { giveUp: () => handOver() },
    },
    {
      id: 'loop-within-the-tool',
      truth: 'masked',
      because: 'The search is asked six times the same, as before; the model is only told every third time.',
      policy: {
        ...stopRepeating,
        runTool: async (asked, session, policy) => {
          await askTool(asked, session, policy)
          await askTool(asked, session, policy)
          return askTool(asked, session, policy)
        },
      },
    },
    {
      id: 'five-steps',
      truth: 'no-op',
      because: 'Five times the same is as much a loop as six times, and it ends the same way.',
      policy: { maxSteps: 5 },
    },
    {
      id: 'wait-for-the-index',
      truth: 'regressing',
      because: 'It stops repeating, but lets the customer wait a minute for an index that is not going to change.',
      policy: {
        afterTools: async (session) => {
          if (!repeats(session)) return undefined
          await sleep(60_000)
          return handOver()
        },
      },
    },
    {
      id: 'stop-with-details',
      truth: 'regressing',
      because: 'It stops repeating, but shows the customer the raw answer of the search.',
      policy: { afterTools: (session) => (repeats(session) ? leak(lastCall(session, 'search_docs')) : undefined) },
    },
    {
      id: 'never-search',
      truth: 'bypass',
      because: 'The search is never used, so nothing is known about what the agent does when it finds nothing.',
      policy: { beforeTools: () => handOver() },
    },
    {
      id: 'stop-and-better-description',
      truth: 'old-answer',
      because: 'Told that the tool may find nothing, the model does not use it but invents an answer.',
      policy: { ...stopRepeating, tools: [{ ...tool, description: `${tool.description} It may find nothing.` }] },
    },
  ],
}
