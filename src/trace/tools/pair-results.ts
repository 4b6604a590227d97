import type { ModelMessage, ModelToolCall, ModelToolResult } from '../../providers/protocol.ts'

/** A result in a conversation, with the call that it answers. */
export interface ToldResult {
  result: ModelToolResult
  /** Place of the message that tells it. */
  at: number
  /** As the agent repeats it to the model; null when the history was cut. */
  asking: ModelToolCall | null
  /** Place of the message that asks; -1 when there is none. */
  asked_at: number
}

/** A call that stands in a conversation. */
interface StandingCall {
  call: ModelToolCall
  at: number
  answered: boolean
}

/**
 * The results in a conversation, in order, each with the call that it answers: by its id; where that is missing or fits no call, the
 * next call of the turn before it that has no result yet, of its name where it has one.
 */
export function pairResults(messages: readonly ModelMessage[]): ToldResult[] {
  const told: ToldResult[] = []
  const standing: StandingCall[] = []
  // The turn of the model that is being answered: where its calls begin.
  let turn = 0
  for (const [at, message] of messages.entries()) {
    const begins = message.tool_calls.length > 0 && messages[at - 1]?.tool_calls.length === 0
    if (begins) turn = standing.length
    for (const call of message.tool_calls) standing.push({ call, at, answered: false })
    for (const result of message.tool_results) {
      const found = findById(standing, result) ?? findByPlace(standing.slice(turn), result)
      if (found !== undefined) found.answered = true
      told.push({ result, at, asking: found?.call ?? null, asked_at: found?.at ?? -1 })
    }
  }
  return told
}

/** Some servers count ids anew in each answer, or give one to several calls. */
function findById(standing: readonly StandingCall[], { call_id }: ModelToolResult): StandingCall | undefined {
  if (call_id === null) return undefined
  const last = standing.findLast(({ call }) => call.id === call_id)
  return standing.find(({ call, at, answered }) => call.id === call_id && at === last?.at && !answered) ?? last
}

function findByPlace(turn: readonly StandingCall[], { name }: ModelToolResult): StandingCall | undefined {
  return turn.find(({ call, answered }) => !answered && (name === null || name === call.name))
}
