import type { Exchange } from './workloads.ts'

/** As much of `fetch` as the benchmark needs: Node's own and undici's differ in their types. */
export type AskFetch = (
  url: string,
  init: { method: string; headers: [string, string][]; body: string },
) => Promise<{ text(): Promise<string>; body: unknown }>

/** What a client saw of an answer. */
export interface Seen {
  chunks: number
  first_chunk_ms: number
}

const now = performance.now.bind(performance)

/**
 * Asks once and reads the answer to its end, a stream chunk by chunk.
 *
 * @throws When the answer is not the recorded one: a peer that answers wrongly must not be compared.
 */
export async function ask(fetch: AskFetch, url: string, exchange: Exchange): Promise<Seen> {
  const { request, answer, text } = exchange
  const began = now()
  const response = await fetch(url, { method: 'POST', headers: request.headers, body: request.body })
  if (answer.chunks.length === 1) {
    check((await response.text()) === text, exchange)
    return { chunks: 1, first_chunk_ms: now() - began }
  }
  let first = 0
  let chunks = 0
  let length = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    if (chunks++ === 0) first = now() - began
    length += chunk.byteLength
  }
  check(length === text.length, exchange)
  return { chunks, first_chunk_ms: first }
}

function check(right: boolean, { key }: Exchange): void {
  if (!right) throw new Error(`${key} got another answer than the recorded one`)
}
