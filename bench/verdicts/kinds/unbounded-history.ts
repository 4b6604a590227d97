import { base, handOver, sleep } from '../agent/policy.ts'
import type { Policy, Session } from '../agent/types.ts'
import { call, say } from '../world/script.ts'
import type { Kind } from './kind.ts'

const tool = { name: 'read_log', description: 'Reads a page of the log.', parameters: ['page'] }
const unfixed: Policy = { ...base, tools: [tool], maxSteps: 12 }
const PAGES = 7
const LINE = 'lamp 4 blinked twice and went on as before; '

const enough = (session: Session): boolean => session.calls.length >= 2
const twoPages: Partial<Policy> = {
  afterTools: (session) => (enough(session) ? handOver('have read two pages') : undefined),
}

export const unboundedHistory: Kind = {
  id: 'unbounded-history',
  title: 'the agent reads page after page into its history, until the model takes no more',
  question: 'Why does lamp 4 blink?',
  styles: ['anthropic', 'openai'],
  world: {
    model: ({ results, messages }) => {
      const pages = results('read_log')
      if (messages > 2 * PAGES - 2) {
        const message = 'This model’s maximum context length is exceeded.'
        return { kind: 'refuse', error: { status: 400, type: 'invalid_request_error', message } }
      }
      const last = pages.at(-1)
      return last?.more === false
        ? say('A colleague replaces its switch.')
        : call('read_log', { page: String(Number(last?.page ?? 0) + 1) })
    },
    tools: {
      read_log: ({ page }) => ({ body: { page, lines: LINE.repeat(30), more: Number(page) < PAGES } }),
    },
  },
  incident: {
    trigger: { span: 'tool_call:read_log', result: { matches: '"more":\\s*true' } },
    cause: { signal: 'context_growth', at_least: 4 },
    symptom: { signal: 'stop_reason', is: 'step_error' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'two-pages',
      truth: 'fixed',
      because: 'Two pages are read and no more: the history cannot outgrow the model, and a person takes over.',
      policy: twoPages,
    },
    {
      id: 'keep-the-latest',
      truth: 'fixed',
      because: 'Only the latest page is sent along, so that the history stays as long as it is until the log ends.',
      policy: { keepMessages: 2 },
      unproved: 'the recorded model was asked with the whole history',
    },
    {
      id: 'call-it-completed',
      truth: 'masked',
      because: 'The history still grows until the model refuses.',
      policy: { giveUp: () => handOver() },
    },
    {
      id: 'more-steps',
      truth: 'no-op',
      because: 'The run never came to its limit of steps: the model refused before.',
      policy: { maxSteps: 20 },
    },
    {
      id: 'two-pages-and-a-minute',
      truth: 'regressing',
      because: 'The history is short, but the customer waits a minute for nothing.',
      policy: {
        afterTools: async (session) => {
          if (!enough(session)) return undefined
          await sleep(60_000)
          return handOver('have read two pages')
        },
      },
    },
    {
      id: 'never-read',
      truth: 'bypass',
      because: 'No page is ever read.',
      policy: { beforeTools: () => handOver() },
    },
    {
      id: 'two-pages-and-larger-model',
      truth: 'old-answer',
      because: 'The larger model reads nothing but knows everything better.',
      policy: { ...twoPages, model: 'desk-1-long' },
    },
  ],
}
