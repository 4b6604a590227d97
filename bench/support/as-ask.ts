import type { HttpAsk } from '../../src/boundary/tape.ts'
import { MODEL_URL } from './as-recording.ts'
import type { Exchange } from './workloads.ts'

/** What a door would hand to a tape for an exchange. */
export function asAsk({ request }: Exchange): HttpAsk {
  return { door: 'fetch', method: 'POST', url: MODEL_URL, headers: request.headers, body: Buffer.from(request.body) }
}
