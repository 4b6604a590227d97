import { sha256 } from '../../src/core/hash.ts'
import { MODEL_URL } from '../support/as-recording.ts'
import { ask } from '../support/ask.ts'
import type { Peer } from '../support/protocol.ts'
import { bytesOf } from '../support/stream-of.ts'
import type { Exchange } from '../support/workloads.ts'

const recorded = new Map<string, Exchange>()

/** The least that answers by content: a function in place of `fetch` with a map from the hash of the body. No time, no checks. */
export const peer: Peer = {
  persistent: true,
  reset(exchanges) {
    recorded.clear()
    for (const exchange of exchanges) recorded.set(sha256(exchange.request.body), exchange)
  },
  call: (exchange) =>
    ask(
      async (_url, { body }) => {
        const { answer, text } = recorded.get(sha256(body)) as Exchange
        return new Response(answer.chunks.length === 1 ? text : bytesOf(answer.chunks), { headers: answer.headers })
      },
      MODEL_URL,
      exchange,
    ),
}
