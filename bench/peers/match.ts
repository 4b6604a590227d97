import { EvidenceIndex } from '../../src/replay/evidence-index.ts'
import type { TextRequest } from '../../src/replay/identical.ts'
import { asAsk } from '../support/as-ask.ts'
import { asRecording } from '../support/as-recording.ts'
import type { Peer } from '../support/protocol.ts'

let index: EvidenceIndex
let asks = new Map<string, TextRequest>()

/** The matching alone: look the request up, and compare it. */
export const peer: Peer = {
  persistent: false,
  reset(exchanges) {
    index = new EvidenceIndex(asRecording(exchanges), [])
    asks = new Map(exchanges.map((exchange) => [exchange.key, { ...asAsk(exchange), text: exchange.request.body }]))
  },
  call({ key }) {
    const entry = index.findRequest(asks.get(key) as TextRequest)
    if (entry === null) throw new Error(`${key} was not matched`)
    index.use(entry)
    return undefined
  },
}
