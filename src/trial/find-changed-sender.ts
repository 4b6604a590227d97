import type { JsonObject } from '../core/json.ts'
import { type HttpInteraction, headerValue, type Interaction } from '../model/interaction.ts'
import { isSecretHeader } from '../recording/redact/is-secret-name.ts'
import { REPEATS } from '../replay/counting-headers.ts'

/**
 * The headers by which a candidate's request says something else of who asks, or of which request is repeated, than the unfixed
 * agent's: a credential that is missing, new or another one. What they hold plays no part when an answer is looked up, since a
 * replay has no secrets; but nobody knows how the world answers somebody else.
 *
 * @param recorded The recorded request.
 * @param before What the unfixed agent asked in its place.
 * @param asked What the candidate asked.
 * @returns Both sides as they may be shown, without values; null when they say the same.
 */
export function findChangedSender(
  recorded: Interaction,
  before: Interaction,
  asked: Interaction,
): { was: JsonObject; is: JsonObject } | null {
  if (recorded.kind !== 'http' || before.kind !== 'http' || asked.kind !== 'http') return null
  const was: Record<string, string> = {}
  const is: Record<string, string> = {}
  for (const name of namesOf(before, asked)) {
    const [first, unfixed, now] = [recorded, before, asked].map(({ request }) => headerValue(request.headers, name))
    if (unfixed === now) continue
    const isMadeAnew = REPEATS.has(name) || first !== unfixed
    if (unfixed !== undefined && now !== undefined && isMadeAnew) continue
    if (unfixed !== undefined) was[name] = 'as recorded'
    if (now !== undefined) is[name] = 'another value'
  }
  const isSame = Object.keys(was).length + Object.keys(is).length === 0
  return isSame ? null : { was: { headers: was }, is: { headers: is } }
}

function namesOf(...interactions: HttpInteraction[]): Set<string> {
  const names = interactions.flatMap(({ request }) => request.headers.map(([name]) => name.toLowerCase()))
  return new Set(names.filter((name) => isSecretHeader(name) || REPEATS.has(name)))
}
