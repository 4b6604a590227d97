import { fetch, MockAgent, setGlobalDispatcher } from 'undici'
import { MODEL_ORIGIN, MODEL_PATH, MODEL_URL } from '../support/as-recording.ts'
import { type AskFetch, ask } from '../support/ask.ts'
import type { Peer } from '../support/protocol.ts'

/** undici's MockAgent, one interceptor an interaction, with undici's own `fetch`: Node's hands it a body it cannot match. */
export const peer: Peer = {
  persistent: true,
  reset(exchanges) {
    const agent = new MockAgent()
    agent.disableNetConnect()
    setGlobalDispatcher(agent)
    const pool = agent.get(MODEL_ORIGIN)
    for (const { request, answer, text } of exchanges) {
      pool
        .intercept({ path: MODEL_PATH, method: 'POST', body: request.body })
        .reply(200, text, { headers: Object.fromEntries(answer.headers) })
        .persist()
    }
  },
  call: (exchange) => ask(fetch as AskFetch, MODEL_URL, exchange),
}
