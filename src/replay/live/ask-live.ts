import { roundMs } from '../../core/clock.ts'
import {
  type HttpAnswer,
  type HttpInteraction,
  type Payload,
  payloadBytes,
  toPayload,
} from '../../model/interaction.ts'

/** After so long a real system is taken not to answer, ms. */
const PATIENCE_MS = 120_000

/** Headers that are no longer true of a body that was read, or that are nobody's business. */
const DROPPED = /^(content-encoding|content-length|transfer-encoding|connection|keep-alive|set-cookie)$/

/**
 * Asks a real system what an agent asked in a replay; gives question and answer as an interaction, each chunk at its time.
 *
 * @param began When the question was asked in its run, ms.
 * @throws Error when no answer came.
 */
export async function askLive(
  asked: HttpInteraction,
  to: { url: string; headers: [string, string][] },
  began: number,
): Promise<HttpInteraction> {
  const start = performance.now()
  const since = (): number => roundMs(performance.now() - start)
  const { method, body } = asked.request
  const response = await fetch(to.url, {
    method,
    headers: to.headers,
    // A copy: `fetch` takes no view of shared memory.
    body: body === null ? null : new Uint8Array(payloadBytes(body)),
    redirect: 'manual',
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  const headers_ms = since()
  const chunks: [offset_ms: number, data: Payload][] = []
  for await (const chunk of response.body ?? []) chunks.push([since(), toPayload(chunk as Uint8Array)])
  const answer: HttpAnswer = {
    status: response.status,
    status_text: response.statusText,
    headers: [...response.headers].filter(([name]) => !DROPPED.test(name)),
    headers_ms,
    chunks,
  }
  const { evidence: _, ...question } = asked
  return { ...question, started_ms: began, answer, end: { kind: 'complete', offset_ms: since() } }
}
