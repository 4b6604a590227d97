import { type HttpInteraction, payloadText } from '../model/interaction.ts'
import type { IdentifiedRequest } from '../providers/registry.ts'
import type { ErrorClass } from './classify-error.ts'
import type { McpCall } from './mcp-call.ts'

/** One HTTP request with what became of it. */
export interface Attempt {
  interaction: HttpInteraction
  /** Place among the interactions of the run, in order of their start. */
  position: number
  /** Offset from the start of the run, ms. */
  ended_ms: number
  error_class: ErrorClass | null
  /** What it asks, when it is one of a known protocol in which no model answers: embeddings. */
  identified?: IdentifiedRequest
  /** What it is to a server of MCP. */
  mcp?: McpCall
}

/**
 * Puts the attempts of one request together: an equal request (method, URL, body) that follows a failed one. A client
 * that retries and an agent that asks again after a failure look the same on the wire; both are retries. So is one that was made
 * beside another that failed in the end and that nothing followed: a storm is none the less one for not waiting.
 *
 * @param attempts In order of their start.
 */
export function groupAttempts<A extends Attempt>(attempts: readonly A[]): A[][] {
  const equal = Map.groupBy(attempts, ({ interaction }) => {
    const { method, url, body } = interaction.request
    return JSON.stringify([method, url, body === null ? null : payloadText(body)])
  })
  const groups = [...equal.values()].flatMap((some) => (some.length === 1 ? [some] : joinVain(joinFollowing(some))))
  const places = new Map(attempts.map((attempt, place) => [attempt, place]))
  const placeOf = ([first]: A[]): number => places.get(first as A) ?? 0
  return groups.sort((a, b) => placeOf(a) - placeOf(b))
}

/** First come, first served: of several equal requests that failed, the earliest is retried first. */
function joinFollowing<A extends Attempt>(equal: readonly A[]): A[][] {
  const groups: A[][] = []
  const waiting: A[][] = []
  for (const attempt of equal) {
    const index = waiting.findIndex((group) => isFollowed(group.at(-1), attempt))
    const group = index === -1 ? [] : (waiting.splice(index, 1)[0] ?? [])
    if (group.length === 0) groups.push(group)
    group.push(attempt)
    if (isRetryable(attempt)) waiting.push(group)
  }
  return groups
}

/** What failed in the end and was not followed was made in vain, as far as an equal one was under way: they are one. */
function joinVain<A extends Attempt>(groups: readonly A[][]): A[][] {
  const joined: A[][] = []
  let vain: A[] | null = null
  for (const group of groups) {
    if (vain === null) joined.push(group)
    else vain.push(...group)
    const whole: A[] = vain ?? group
    vain = group.slice(-1).some(isRetryable) ? whole : null
  }
  return joined
}

/** When the last of some attempts was over: offset from the start of the run, ms. */
export function endOfGroup(group: readonly Attempt[]): number {
  return Math.max(...group.map(({ ended_ms }) => ended_ms))
}

function isFollowed(failed: Attempt | undefined, next: Attempt): boolean {
  return failed !== undefined && failed.ended_ms <= next.interaction.started_ms
}

/** Failed in a way that clients retry: no whole answer, a status that asks for it, or an error within an answer of status 200. */
function isRetryable({ interaction, error_class }: Attempt): boolean {
  if (error_class === null) return false
  const status = interaction.answer?.status ?? 0
  return status < 400 || status === 408 || status === 409 || status === 429 || status >= 500
}
