import { converse, released, type Session, type SupportInput } from '../../agent.ts'
import type { ToolCall } from '../../model.ts'
import { isSameCall } from '../../tools.ts'
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
