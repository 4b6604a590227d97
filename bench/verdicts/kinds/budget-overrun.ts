import { base, completed, handOver, leak } from '../agent/policy.ts'
import type { Policy, Session } from '../agent/types.ts'
import { call, say } from '../world/script.ts'
import type { Kind } from './kind.ts'

const tool = { name: 'read_page', description: 'Reads a page of the manual.', parameters: ['page'] }
const LINE = 'turn the lamp off before you change its bulb; '
const BUDGET = 800

const over = (session: Session): boolean => session.tokens > BUDGET
const unfixed: Policy = {
  ...base,
  tools: [tool],
  maxSteps: 12,
  finish: (session, text) => (over(session) ? { stop_reason: 'over_budget', answer: text } : completed(text)),
}
const check: Partial<Policy> = { beforeAsk: (session) => (over(session) ? handOver('have read enough') : undefined) }

export const budgetOverrun: Kind = {
  id: 'budget-overrun',
  title: 'the agent looks at its budget of tokens only when all is spent',
  question: 'How do I change the bulb?',
  styles: ['openai', 'anthropic'],
  world: {
    model: ({ results }) => {
      const last = results('read_page').at(-1)
      return last?.more === false
        ? say('Turn it off first; a colleague can help.')
        : call('read_page', { page: String(Number(last?.page ?? 0) + 1) })
    },
    tools: { read_page: ({ page }) => ({ body: { page, text: LINE.repeat(20), more: Number(page) < 6 } }) },
  },
  incident: {
    trigger: { span: 'tool_call:read_page', result: { matches: '"more":\\s*true' } },
    cause: { signal: 'input_tokens', at_least: 3 * BUDGET },
    symptom: { signal: 'stop_reason', is: 'over_budget' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'look-before-each-step',
      truth: 'fixed',
      because: 'The budget is looked at before each model call, so that at most one call goes beyond it.',
      policy: check,
    },
    {
      id: 'do-not-look',
      truth: 'masked',
      because: 'As many tokens are spent; only nobody looks at the budget any more.',
      policy: { finish: (_, text) => completed(text) },
    },
    {
      id: 'smaller-error-budget',
      truth: 'no-op',
      because: 'No tool fails, so the budget of errors plays no part.',
      policy: { toolErrorBudget: 1 },
    },
    {
      id: 'look-and-tell',
      truth: 'regressing',
      because: 'The budget is kept, but the customer reads about it.',
      policy: { beforeAsk: (session) => (over(session) ? leak(undefined, `${session.tokens} tokens`) : undefined) },
    },
    {
      id: 'look-and-forget-the-key',
      truth: 'regressing',
      because: 'The budget is kept, but the key of the manual is no longer sent, so every page is refused with 401.',
      policy: { ...check, toolHeaders: {} },
    },
    {
      id: 'never-read',
      truth: 'bypass',
      because: 'No page is ever read.',
      policy: { beforeTools: () => handOver() },
    },
    {
      id: 'look-and-cheaper-model',
      truth: 'old-answer',
      because: 'The cheaper model reads nothing and invents a manual.',
      policy: { ...check, model: 'desk-mini' },
    },
  ],
}
