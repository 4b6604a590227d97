import { type Behaviour, converse, released } from '../../agent.ts'
import type { SupportInput } from '../../types.ts'

/** Retries once, then is honest with the customer: so honest that the provider's error text is in the answer. */
export function run(input: SupportInput) {
  return converse(input, { ...released, modelAttempts: 2, modelBackOffMs: () => 400, giveUp: explain })
}

const explain: Behaviour['giveUp'] = (reason, session, error) => {
  if (reason !== 'step_error' || !(error instanceof Error)) return released.giveUp(reason, session, error)
  return { stop_reason: 'completed', answer: `I cannot answer this right now: ${error.message}`, ticket: null }
}
