import type { Evidence } from '../model/evidence.ts'
import type { FunctionInteraction, HttpInteraction, Interaction } from '../model/interaction.ts'

/** What a call is answered with, and when it begins, ms of virtual time. */
export interface Found<T extends Interaction = Interaction> {
  id: string
  recorded: T
  evidence: Evidence
  start: number
}

/** An answer of a server. */
export function isHttp(found: Found | null): found is Found<HttpInteraction> {
  return found?.recorded.kind === 'http'
}

/** An answer of a wrapped function. */
export function isFunction(found: Found | null): found is Found<FunctionInteraction> {
  return found !== null && found.recorded.kind !== 'http'
}
