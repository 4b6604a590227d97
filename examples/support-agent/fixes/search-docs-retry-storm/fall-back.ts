import { converse, released } from '../../agent.ts'
import { isSameCall } from '../../tools.ts'
import type { Session, SupportInput, ToolCall } from '../../types.ts'
import { replyFromPolicies } from './policy-reply.ts'

/** A search that failed is not tried again: the agent answers from the policies it ships with. */
export function run(input: SupportInput) {
  return converse(input, {
    ...released,
    beforeTools: (session, asked) => (repeatsFailedSearch(session, asked) ? replyFromPolicies(session) : undefined),
  })
}

function repeatsFailedSearch(session: Session, asked: ToolCall[]): boolean {
  const failed = session.calls.filter((call) => call.name === 'search_docs' && !call.ok)
  return asked.some((call) => failed.some((earlier) => isSameCall(earlier, call)))
}
