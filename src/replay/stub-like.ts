import type { Stub } from '../model/evidence.ts'
import { answerText, headerValue, type Interaction } from '../model/interaction.ts'
import { readMcpAnswer } from '../providers/mcp/read-answer.ts'
import { readMcpRequest } from '../providers/mcp/read-request.ts'
import { canonicaliseInteraction, type HeaderNames } from './canonical-call.ts'
import { digestOf } from './supplements.ts'

/**
 * What names a question in a stub that is to answer this one only.
 *
 * @param counted Headers that are part of it beside those that always are.
 */
export function questionOf(asked: Interaction, counted: HeaderNames): Pick<Stub, 'request' | 'sha256'> {
  const call = canonicaliseInteraction(asked, counted)
  return { request: call.target, sha256: digestOf(call) }
}

/** The answer of a recorded call, as a stub gives it; null where none came that can be given again. */
export function answerLike(recorded: Interaction): Partial<Stub> | null {
  const { end } = recorded
  if (end?.kind !== 'complete') return null
  const after_ms = Math.round(end.offset_ms)
  if (recorded.kind !== 'http') return recorded.value === undefined ? null : { json: recorded.value, after_ms }
  const { answer } = recorded
  if (answer === null || answer.status < 200) return null
  const message = readMcpRequest(recorded.request)
  if (message?.kind === 'request') {
    // Without its envelope, which names another question.
    const result = readMcpAnswer(answer, message.id)?.result
    return result ? { json: result, after_ms } : null
  }
  const type = headerValue(answer.headers, 'content-type')
  const headers = type === undefined ? {} : { headers: { 'content-type': type } }
  return { status: answer.status, ...headers, text: answerText(answer), after_ms }
}
