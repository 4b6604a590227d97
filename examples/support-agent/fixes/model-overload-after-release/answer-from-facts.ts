import { type Behaviour, converse, released } from '../../agent.ts'
import { orderFacts } from '../../replies.ts'
import type { SupportInput } from '../../types.ts'

/** Tries the model once more after a pause, then answers from the order that was already looked up. */
export function run(input: SupportInput) {
  return converse(input, { ...released, modelAttempts: 2, modelBackOffMs: () => 400, giveUp: answerFromFacts })
}

const answerFromFacts: Behaviour['giveUp'] = (reason, session, error) => {
  const facts = orderFacts(session)
  if (reason !== 'step_error' || !facts) return released.giveUp(reason, session, error)
  return { stop_reason: 'completed', answer: facts, ticket: null }
}
