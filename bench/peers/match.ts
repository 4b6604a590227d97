import type { HttpAsk } from '../../src/boundary/tape.ts'
import { digestAsk } from '../../src/replay/digest-call.ts'
import { EvidenceIndex } from '../../src/replay/evidence-index.ts'
import { asAsk } from '../support/as-ask.ts'
import { asRecording } from '../support/as-recording.ts'
import type { Peer } from '../support/protocol.ts'

let index: EvidenceIndex
let asks = new Map<string, HttpAsk>()

/** The matching alone: digest the request and look it up. */
export const peer: Peer = {
  persistent: false,
  reset(exchanges) {
    index = new EvidenceIndex(asRecording(exchanges), [])
    asks = new Map(exchanges.map((exchange) => [exchange.key, asAsk(exchange)]))
  },
  call({ key }) {
    const entry = index.findIdentical(digestAsk(asks.get(key) as HttpAsk))
    if (entry === null) throw new Error(`${key} was not matched`)
    index.use(entry)
    return undefined
  },
}
