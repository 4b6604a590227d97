import { base, completed, handOver, leak } from '../agent/policy.ts'
import type { Policy, Session } from '../agent/types.ts'
import { call } from '../world/script.ts'
import type { Kind } from './kind.ts'

const tool = { name: 'get_invoice', description: 'Reads an invoice.', parameters: ['number'] }
const unfixed: Policy = { ...base, tools: [tool], attempts: 4 }

const facts = (session: Session) =>
  completed(`A colleague looks at it; this is your invoice: ${session.calls.at(-1)?.result}`)
/** Whatever the SDK, its errors say the status. */
const isTemporary = (error: unknown): boolean => {
  const { status, statusCode } = error as { status?: number; statusCode?: number }
  return ![400, 401, 403, 404, 422].includes(status ?? statusCode ?? 0)
}
const onlyTemporary: Partial<Policy> = { isTemporary, giveUp: (_, session) => facts(session) }

export const wrongRetry: Kind = {
  id: 'wrong-retry',
  title: 'the model refuses a request for good, and the agent sends it four times',
  question: 'What is invoice 9 about?',
  styles: ['openai', 'anthropic', 'langgraph'],
  world: {
    model: ({ results }) => {
      if (results('get_invoice').length === 0) return call('get_invoice', { number: '9' })
      return {
        kind: 'refuse',
        error: { status: 400, type: 'invalid_request_error', message: 'Invalid value in messages.' },
      }
    },
    tools: { get_invoice: () => ({ body: { total: '12.00', text: '\u0007 lamp' } }) },
  },
  incident: {
    trigger: { span: 'llm_generate', error_class: 'bad_request' },
    cause: { signal: 'error_classes', of: 'bad_request', at_least: 2 },
    symptom: { signal: 'stop_reason', is: 'step_error' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'retry-only-what-passes',
      truth: 'fixed',
      because: 'A refusal for good is taken for good, and what is known is told.',
      policy: onlyTemporary,
    },
    {
      id: 'tell-what-is-known',
      truth: 'masked',
      because: 'The request is still sent four times before the facts are told.',
      policy: { giveUp: (_, session) => facts(session) },
    },
    {
      id: 'slower',
      truth: 'no-op',
      because: 'What is refused for good is refused as well after a pause.',
      policy: { pauseMs: 40 },
    },
    {
      id: 'refuse-with-details',
      truth: 'regressing',
      because: 'It is sent once, but the customer reads what the provider said.',
      policy: { isTemporary, giveUp: (reason) => leak(undefined, `${reason}: invalid_request_error`) },
    },
    {
      id: 'hand-over-the-invoice',
      truth: 'bypass',
      because: 'The model is never asked the question that it refuses.',
      policy: { afterTools: () => handOver() },
    },
    {
      id: 'retry-less-and-newer-model',
      truth: 'old-answer',
      because: 'The newer model reads no invoice and invents one.',
      policy: { ...onlyTemporary, model: 'desk-2' },
    },
  ],
}
