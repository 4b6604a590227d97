import { join } from 'node:path'
import { record } from '../../src/record/record.ts'
import { ask } from '../support/ask.ts'
import type { Job, Peer } from '../support/protocol.ts'

let job: Job

/** Node's `fetch` to the loopback server, under `record()`: one recording a pass. */
export const peer: Peer = {
  persistent: false,
  reset(_exchanges, current) {
    job = current
  },
  call: (exchange) => ask(globalThis.fetch, `${job.origin}/${exchange.key}`, exchange),
  drive: (work) => record({ out: join(job.dir, `record-${process.pid}.jsonl`), overwrite: true }, work),
}
