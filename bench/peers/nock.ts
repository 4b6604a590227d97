import nock from 'nock'
import { MODEL_ORIGIN, MODEL_PATH, MODEL_URL } from '../support/as-recording.ts'
import { ask } from '../support/ask.ts'
import type { Peer } from '../support/protocol.ts'

/** nock with one interceptor an interaction, matched by its JSON body, as its recorder writes them. */
export const peer: Peer = {
  persistent: true,
  reset(exchanges) {
    nock.cleanAll()
    nock.disableNetConnect()
    const scope = nock(MODEL_ORIGIN).persist()
    for (const { request, answer, text } of exchanges) {
      scope.post(MODEL_PATH, JSON.parse(request.body)).reply(200, text, Object.fromEntries(answer.headers))
    }
  },
  call: (exchange) => ask(globalThis.fetch, MODEL_URL, exchange),
}
