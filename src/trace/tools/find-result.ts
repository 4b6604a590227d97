import type { ModelMessage, ModelToolCall } from '../../providers/protocol.ts'
import type { ModelCall } from '../model-call.ts'
import { canonicalArguments } from './arguments.ts'
import { pairResults, type ToldResult } from './pair-results.ts'
import type { SentResult, ToolUse } from './tool-use.ts'

type Asked = NonNullable<ToolUse['asked']>

/** What the requests of a level tell of results, each read once. */
export interface ToldResults {
  /** In order of start. */
  carriers: { carrier: ModelCall; told: ToldResult[] }[]
  /** The ids of all calls that answers ask for. */
  ids: ReadonlySet<string | null>
}

/** Reads what the requests of a level tell. */
export function readToldResults(calls: readonly ModelCall[]): ToldResults {
  return {
    carriers: calls.map((carrier) => ({ carrier, told: pairResults(messagesOf(carrier)) })),
    ids: new Set(calls.flatMap(({ answer }) => (answer?.tool_calls ?? []).map(({ id }) => id))),
  }
}

/**
 * The result of a tool call, from the first later request that holds it. Ids are not unique in practice: some servers
 * and frameworks count calls anew in each answer. So the asking message in that request has to be of the same tool,
 * and, when any request has such a one, with the same arguments. Where the answer gives no id, or the agent another one, the
 * result is that of the same place: of the turn that follows what the model was asked.
 */
export function findResult(asked: Asked, { carriers, ids }: ToldResults): SentResult | null {
  const { call, by, at_ms } = asked
  const later = carriers.filter(({ carrier }) => carrier.first > by.last && carrier.started_ms >= at_ms)
  const isFree = ({ asking }: ToldResult): boolean => {
    const id = asking?.id ?? null
    return id === null || id === call.id || !ids.has(id)
  }
  const searches: ((told: ToldResult[], carrier: ModelCall) => ToldResult | undefined)[] = [
    (told) => findById(call, told, true),
    (told) => findById(call, told, false),
    (told, carrier) => findInTurn(asked, nextTurn(by, carrier, told.filter(isFree))),
    // Of a history that was cut or written anew, it is the last turn; where there are ids, that is too little to go by.
    (told) => (call.id === null ? findInTurn(asked, lastTurn(by, told.filter(isFree))) : undefined),
  ]
  for (const search of searches) {
    for (const { carrier, told } of later) {
      const found = search(told, carrier)
      if (found !== undefined) return { ...found.result, carrier }
    }
  }
  return null
}

/** The latest result of a call in a conversation. */
function findById(call: ModelToolCall, told: readonly ToldResult[], strict: boolean): ToldResult | undefined {
  if (call.id === null) return undefined
  return told.findLast(({ result, asking }) => {
    if (result.call_id !== call.id) return false
    return asking === null ? !strict : isSame(asking, call, strict)
  })
}

/** The results of one turn that are of calls equal to this one, or else of the same tool; equal ones in their order. */
function findInTurn({ call, by, index }: Asked, turn: readonly ToldResult[]): ToldResult | undefined {
  const before = by.answer?.tool_calls.slice(0, index) ?? []
  for (const strict of [true, false]) {
    const alike = turn.filter(({ result, asking }) =>
      asking === null ? !strict && result.name === call.name : isSame(asking, call, strict),
    )
    if (alike.length > 0) return alike[before.filter((other) => isSame(other, call, strict)).length]
  }
  return undefined
}

/** What a conversation tells beyond what the model was asked; nothing when it does not go on from there. */
function nextTurn(by: ModelCall, carrier: ModelCall, told: readonly ToldResult[]): readonly ToldResult[] {
  const asked = messagesOf(by)
  const messages = messagesOf(carrier)
  const goesOn = asked.every(({ role, text }, i) => {
    const repeated = messages[i]
    // Instructions may tell the time.
    return repeated?.role === role && (repeated.text === text || role === 'system' || role === 'developer')
  })
  // From a question that is not known, anything would go on.
  return goesOn && asked.length > 0 ? told.filter(({ asked_at }) => asked_at >= asked.length) : []
}

/** The last results that a conversation tells, of those that the model was not told before. */
function lastTurn(by: ModelCall, told: readonly ToldResult[]): readonly ToldResult[] {
  const asked = messagesOf(by)
  const fresh = told.filter(({ at, result }) => !asked[at]?.tool_results.some(({ text }) => text === result.text))
  return fresh.slice(-(by.answer?.tool_calls.length ?? 0))
}

function messagesOf({ identified }: ModelCall): readonly ModelMessage[] {
  return identified?.request.messages ?? []
}

function isSame(asking: ModelToolCall, call: ModelToolCall, strict: boolean): boolean {
  if (asking.name !== call.name) return false
  return !strict || canonicalArguments(asking.arguments) === canonicalArguments(call.arguments)
}
