import { base, completed, handOver, lastCall, leak, SYSTEM, sleep } from '../agent/policy.ts'
import { askTool } from '../agent/tools.ts'
import type { Policy, Session } from '../agent/types.ts'
import { call, say } from '../world/script.ts'
import type { Kind } from './kind.ts'

const search = (name: string) => ({ name, description: 'Searches the help centre.', parameters: ['query'] })

const unfixed: Policy = { ...base, tools: [search('search_docs')], toolTimeoutMs: 150, toolErrorBudget: 3 }

const failed = (session: Session): boolean => lastCall(session, 'search_docs')?.ok === false
const afterFirst: Partial<Policy> = { afterTools: (session) => (failed(session) ? handOver() : undefined) }

export const timeoutStorm: Kind = {
  id: 'timeout-storm',
  title: 'the search times out, and the agent asks it again until its budget of errors is gone',
  question: 'May I return opened headphones?',
  styles: ['openai', 'ai', 'langgraph'],
  world: {
    model: ({ results }) => {
      const last = results('search_docs').at(-1)
      return !last || 'error' in last ? call('search_docs', { query: 'returns' }) : say(`Yes: ${last.text}`)
    },
    tools: {
      search_docs: () => ({ body: null, silent: true }),
      search_mirror: () => ({ body: { text: 'a colleague takes opened items back within 30 days' } }),
    },
  },
  incident: {
    trigger: { span: 'tool_call:search_docs', error_class: 'timeout' },
    cause: { signal: 'repeated_tool_calls', tool: 'search_docs', at_least: 2 },
    symptom: { signal: 'stop_reason', is: 'tool_error' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'hand-over-at-once',
      truth: 'fixed',
      because: 'After the first time-out nobody is asked again, and a person takes over, however the search goes on.',
      policy: afterFirst,
    },
    {
      id: 'ask-the-mirror',
      truth: 'fixed',
      because: 'After the first time-out the mirror is asked, which works, and its answer is given.',
      policy: {
        afterTools: async (session) => {
          if (!failed(session)) return undefined
          const request = { id: 'mirror', name: 'search_mirror', text: '{}', args: { query: 'returns' } }
          const mirror = await askTool(request, session, unfixed)
          return mirror.ok ? completed(`Yes: ${mirror.result}`) : handOver()
        },
      },
      unproved: 'the recorded run never asked the mirror',
    },
    {
      id: 'call-it-completed',
      truth: 'masked',
      because: 'The agent still storms the search three times; only the word at the end is another.',
      policy: { giveUp: () => handOver() },
    },
    {
      id: 'retry-within-the-tool',
      truth: 'masked',
      because: 'The search is stormed as before, three times; the model is only not told in between.',
      policy: {
        runTool: async (asked, session, policy) => {
          for (let attempt = 1; ; attempt++) {
            const done = await askTool(asked, session, policy)
            if (done.ok || attempt === 3) return done
          }
        },
        ...afterFirst,
      },
    },
    {
      id: 'pause-between',
      truth: 'no-op',
      because: 'A search that is down is as down 50 ms later, and it is asked as often as before.',
      policy: {
        runTool: async (asked, session, policy) => {
          if (session.calls.length > 0) await sleep(50)
          return askTool(asked, session, policy)
        },
      },
    },
    {
      id: 'hand-over-with-details',
      truth: 'regressing',
      because: 'It stops at once, but tells the customer the internal error, which the unfixed agent never did.',
      policy: { afterTools: (session) => (failed(session) ? leak(lastCall(session, 'search_docs')) : undefined) },
    },
    {
      id: 'never-search',
      truth: 'bypass',
      because: 'The search is never used, so nothing is known about what the agent does when it times out.',
      policy: { beforeTools: () => handOver() },
    },
    {
      id: 'hand-over-and-briefer-prompt',
      truth: 'old-answer',
      because:
        'With the shorter prompt the model no longer searches but invents a policy; only its old answers look well.',
      policy: { ...afterFirst, system: SYSTEM.replace('Look things up before you answer.', 'Be brief.') },
    },
  ],
}
