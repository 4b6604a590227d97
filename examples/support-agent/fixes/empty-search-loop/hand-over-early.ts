import { converse, released } from '../../agent.ts'
import { handOver } from '../../replies.ts'
import type { SupportInput } from '../../types.ts'
import { isGoingInCircles } from './repeated-result.ts'

/** The same call with the same result twice ends the search: a colleague takes over with what is known. */
export function run(input: SupportInput) {
  return converse(input, {
    ...released,
    afterTools: async (session) => (isGoingInCircles(session) ? handOver(session, 'completed') : undefined),
  })
}
