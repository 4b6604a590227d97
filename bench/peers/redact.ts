import type { Redactor } from '../../src/recording/redact/create-redactor.ts'
import { asAsk } from '../support/as-ask.ts'
import type { Peer } from '../support/protocol.ts'
import { openRedactor } from '../support/replay-tape.ts'

let redactor: Redactor

/** What a replay spends to search a request for secrets, once. */
export const peer: Peer = {
  persistent: false,
  reset() {
    redactor = openRedactor()
  },
  call(exchange) {
    const { url, headers } = asAsk(exchange)
    redactor.url(url)
    redactor.headers(headers)
    redactor.text(exchange.request.body)
    return undefined
  },
}
