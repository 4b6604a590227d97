import { converse, released } from '../../agent.ts'
import type { SupportInput } from '../../types.ts'

/** Ends in a polite answer instead of an error once the budget is gone. It still burns the whole budget first. */
export function run(input: SupportInput) {
  return converse(input, {
    ...released,
    giveUp: (reason, session, error) =>
      reason === 'tool_error'
        ? {
            stop_reason: 'completed',
            answer: 'I am sorry, I cannot look into our refund policy right now. Please ask me again later.',
            ticket: null,
          }
        : released.giveUp(reason, session, error),
  })
}
