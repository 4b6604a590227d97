import policies from '../../policies.json' with { type: 'json' }
import { handOver, orderFacts } from '../../replies.ts'
import type { Session, SupportOutput } from '../../types.ts'

/** Answers from the policies that ship with the agent; hands over when none of them fits. */
export function replyFromPolicies(session: Session): SupportOutput {
  const question = session.input.message.toLowerCase()
  const policy = policies.find(({ topic }) => question.includes(topic))
  if (!policy) return handOver(session, 'completed')
  const answer = [orderFacts(session), `By our ${policy.title.toLowerCase()}, ${policy.text}`]
  return { stop_reason: 'completed', answer: answer.filter(Boolean).join(' '), ticket: null }
}
