import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { sha256 } from '../../src/core/hash.ts'
import { MODEL_URL } from '../support/as-recording.ts'
import { ask } from '../support/ask.ts'
import type { Peer } from '../support/protocol.ts'
import { streamOf } from '../support/stream-of.ts'
import type { Exchange } from '../support/workloads.ts'

const recorded = new Map<string, Exchange>()
const server = setupServer(
  http.all('*', async ({ request }) => {
    const exchange = recorded.get(sha256(await request.text()))
    if (exchange === undefined) return HttpResponse.error()
    const { headers, chunks } = exchange.answer
    return new HttpResponse(chunks.length === 1 ? exchange.text : streamOf(chunks), { headers })
  }),
)
server.listen({ onUnhandledRequest: 'error' })

/** msw with one catch-all handler over a map, the fastest way to use it. */
export const peer: Peer = {
  persistent: true,
  reset(exchanges) {
    recorded.clear()
    for (const exchange of exchanges) recorded.set(sha256(exchange.request.body), exchange)
  },
  call: (exchange) => ask(globalThis.fetch, MODEL_URL, exchange),
}
