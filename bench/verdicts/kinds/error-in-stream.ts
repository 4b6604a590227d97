import { base, completed, handOver, leak, SYSTEM } from '../agent/policy.ts'
import type { Policy, Session } from '../agent/types.ts'
import { call } from '../world/script.ts'
import type { Kind } from './kind.ts'

const tool = { name: 'lookup_order', description: 'Looks an order up.', parameters: ['order_id'] }
const unfixed: Policy = { ...base, tools: [tool], stream: true, attempts: 4 }

const facts = (session: Session) => completed(`A colleague confirms: ${session.calls.at(-1)?.result}`)
const once: Partial<Policy> = { attempts: 1, giveUp: (_, session) => facts(session) }

export const errorInStream: Kind = {
  id: 'error-in-stream',
  title: 'the provider breaks off within a stream that began well, and the agent hammers it',
  question: 'Where is order A-17?',
  styles: ['openai', 'anthropic', 'ai'],
  world: {
    model: ({ results }) => {
      if (results('lookup_order').length === 0) return call('lookup_order', { order_id: 'A-17' })
      const error = { status: 503, type: 'overloaded_error', message: 'Overloaded' }
      return { kind: 'break', text: 'Your order is on', error }
    },
    tools: { lookup_order: () => ({ body: { state: 'on its way' } }) },
  },
  incident: {
    trigger: { span: 'llm_generate', error_class: 'overloaded' },
    cause: { signal: 'retries', at_least: 1 },
    symptom: { signal: 'stop_reason', is: 'step_error' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'answer-from-the-facts',
      truth: 'fixed',
      because: 'An overloaded provider is asked once, and what is known is told.',
      policy: once,
    },
    {
      id: 'facts-in-the-end',
      truth: 'masked',
      because: 'The overloaded provider is still hammered four times.',
      policy: { giveUp: (_, session) => facts(session) },
    },
    {
      id: 'shorter-tools',
      truth: 'no-op',
      because: 'No tool is slow, so its time limit plays no part.',
      policy: { toolTimeoutMs: 900 },
    },
    {
      id: 'once-with-details',
      truth: 'regressing',
      because: 'It is asked once, but the customer reads what the provider said.',
      policy: { ...once, giveUp: (reason) => leak(undefined, `${reason}: overloaded_error`) },
    },
    {
      id: 'hand-over-the-order',
      truth: 'bypass',
      because: 'The model is never asked for the words within which it breaks off.',
      policy: { afterTools: () => handOver() },
    },
    {
      id: 'facts-and-calmer-prompt',
      truth: 'old-answer',
      because: 'With the calmer prompt the model looks nothing up.',
      policy: { ...once, system: `${SYSTEM} Take your time.` },
    },
  ],
}
