import type { AskedToolCall, ModelMessage, ModelToolCall, ModelToolResult } from '../../providers/protocol.ts'
import type { ModelCall } from '../model-call.ts'
import { canonicalArguments } from './arguments.ts'
import type { SentResult } from './tool-use.ts'

/**
 * The result of a tool call, from the first later request that holds it. Ids are not unique in practice: some servers
 * and frameworks count calls anew in each answer. So the asking message in that request has to be of the same tool,
 * and, when any request has such a one, with the same arguments.
 *
 * @param known_ms When the call was known; requests made earlier cannot hold its result.
 */
export function findResult(call: AskedToolCall, known_ms: number, later: readonly ModelCall[]): SentResult | null {
  const carriers = later.filter((carrier) => carrier.started_ms >= known_ms)
  for (const strict of [true, false]) {
    for (const carrier of carriers) {
      const result = locateResult(call, carrier.identified?.request.messages ?? [], strict)
      if (result !== null) return { ...result, carrier }
    }
  }
  return null
}

/** The latest result of a call in a conversation. */
function locateResult(call: ModelToolCall, messages: readonly ModelMessage[], strict: boolean): ModelToolResult | null {
  for (let i = messages.length - 1; i >= 0; i--) {
    const results = messages[i]?.tool_results ?? []
    const result = results.findLast((candidate) => isResultOf(candidate, call))
    if (result === undefined) continue
    const asking = findAsking(call, messages, i)
    if (asking === undefined ? !strict : isSame(asking, call, strict)) return result
  }
  return null
}

function isResultOf({ call_id, name }: ModelToolResult, call: ModelToolCall): boolean {
  return call_id === call.id && (call.id !== null || name === call.name)
}

/** The call that the result at `index` answers, as the agent repeats it to the model; undefined when the history was cut. */
function findAsking(call: ModelToolCall, messages: readonly ModelMessage[], index: number): ModelToolCall | undefined {
  for (let i = index - 1; i >= 0; i--) {
    const found = messages[i]?.tool_calls.find(({ id, name }) => id === call.id && (id !== null || name === call.name))
    if (found !== undefined) return found
  }
  return undefined
}

function isSame(asking: ModelToolCall, call: ModelToolCall, strict: boolean): boolean {
  if (asking.name !== call.name) return false
  return !strict || canonicalArguments(asking.arguments) === canonicalArguments(call.arguments)
}
