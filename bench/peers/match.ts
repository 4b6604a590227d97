import type { HttpAsk } from '../../src/boundary/tape.ts'
import { canonicaliseAsk } from '../../src/replay/canonical-call.ts'
import { EvidenceIndex } from '../../src/replay/evidence-index.ts'
import { Renaming } from '../../src/replay/renaming.ts'
import { asAsk } from '../support/as-ask.ts'
import { asRecording } from '../support/as-recording.ts'
import type { Peer } from '../support/protocol.ts'

let index: EvidenceIndex
let renaming: Renaming
let asks = new Map<string, HttpAsk>()

/** The matching alone: canonicalise the request and look it up. */
export const peer: Peer = {
  persistent: false,
  reset(exchanges) {
    index = new EvidenceIndex(asRecording(exchanges), [])
    renaming = new Renaming('null')
    asks = new Map(exchanges.map((exchange) => [exchange.key, asAsk(exchange)]))
  },
  call({ key }) {
    const match = index.take(canonicaliseAsk(asks.get(key) as HttpAsk), renaming, 0)
    if (match?.grade !== 'exact') throw new Error(`${key} was not matched`)
    return undefined
  },
}
