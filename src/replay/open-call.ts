import { type CallSite, placeOf } from '../boundary/world/call-site.ts'
import type { Evidence } from '../model/evidence.ts'
import type { HttpRequest, Interaction } from '../model/interaction.ts'
import type { ServedInteraction } from './served-interaction.ts'

/** A call without an end: HTTP when there is an exchange, else of a wrapped function. */
export interface OpenCall {
  id: string
  evidence: Evidence
  recorded: Interaction
  /** When it began, ms of virtual time, and where in the agent's code; null when that was not taken down. */
  since: number
  site: CallSite | null
  served?: ServedInteraction
  /** Whether it stood open at the end of the recorded run as well. */
  outlives: boolean
  /** What the agent asked, of an HTTP call. */
  asked?: HttpRequest
}

/** `c3 GET http://world.test/slow since 1500 ms at file:line:column`. */
export function describeCall({ id, recorded, site }: OpenCall, when: string): string {
  const { kind } = recorded
  const what = kind === 'http' ? `${recorded.request.method} ${recorded.request.url}` : `${kind} ${recorded.name}`
  const place = site && placeOf(site)
  return `${id} ${what} ${when}${place === null ? '' : ` at ${place}`}`
}
