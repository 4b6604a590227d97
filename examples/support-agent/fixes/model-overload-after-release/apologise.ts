import { converse, released } from '../../agent.ts'
import type { SupportInput } from '../../types.ts'

/** Reports success with an empty apology. The overloaded model is still hit four times in a row. */
export function run(input: SupportInput) {
  return converse(input, {
    ...released,
    giveUp: (reason, session, error) =>
      reason === 'step_error'
        ? { stop_reason: 'completed', answer: 'Thank you for your patience! We are looking into this.', ticket: null }
        : released.giveUp(reason, session, error),
  })
}
