import type { Evidence } from '../model/evidence.ts'
import type { FunctionInteraction, HttpInteraction, HttpRequest, Interaction } from '../model/interaction.ts'
import type { RunFinish } from '../model/run.ts'

/** What a call is answered with, and when it begins, ms of virtual time. */
export interface FoundAnswer<T extends Interaction = Interaction> {
  id: string
  recorded: T
  evidence: Evidence
  start: number
  /** What the agent asks, where that is not byte for byte what was recorded. */
  asked?: HttpRequest | undefined
  /** For an answer that the recording does not hold: how its own run ended. */
  foreign?: { finish: RunFinish | null }
}

export function isHttp(found: FoundAnswer | null): found is FoundAnswer<HttpInteraction> {
  return found?.recorded.kind === 'http'
}

export function isFunction(found: FoundAnswer | null): found is FoundAnswer<FunctionInteraction> {
  return found !== null && found.recorded.kind !== 'http'
}

/** What is given: an answer that the recording does not hold is never written down by reference to it. */
export function asGiven<T extends Interaction>(found: FoundAnswer<T>, renamed: T): T {
  return found.foreign !== undefined && renamed === found.recorded ? { ...renamed } : renamed
}
