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
 * that retries and an agent that asks again after a failure look the same on the wire; both are retries.
 *
 * @param attempts In order of their start.
 */
export function groupAttempts<A extends Attempt>(attempts: readonly A[]): A[][] {
  const groups: A[][] = []
  const waiting = new Map<string, A[][]>()
  for (const attempt of attempts) {
    const { method, url, body } = attempt.interaction.request
    const key = JSON.stringify([method, url, body === null ? null : payloadText(body)])
    const queue = waiting.get(key) ?? []
    waiting.set(key, queue)
    // First come, first served: of several equal requests that failed, the earliest is retried first.
    const index = queue.findIndex((group) => isFollowed(group.at(-1), attempt))
    const group = index === -1 ? [] : (queue.splice(index, 1)[0] ?? [])
    if (group.length === 0) groups.push(group)
    group.push(attempt)
    if (isRetryable(attempt)) queue.push(group)
  }
  return groups
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
