/** The process of one peer: `peer.ts <name>`, forked by the benchmark, runs one batch a message. */
import type { Batch, BatchReply, Job, Peer } from './support/protocol.ts'
import { type Exchange, exchangesOf } from './support/workloads.ts'

// Taken before a peer can replace them.
const now = performance.now.bind(performance)
const cpuUsage = process.cpuUsage.bind(process)
const send = process.send?.bind(process)
const exit = process.exit.bind(process)

/** Loaded only when it is used: nock patches `fetch` when it is imported. */
const PEERS: Record<string, () => Promise<{ peer: Peer }>> = {
  retrial: () => import('./peers/retrial.ts'),
  functions: () => import('./peers/functions.ts'),
  'function-floor': () => import('./peers/function-floor.ts'),
  undriven: () => import('./peers/undriven.ts'),
  match: () => import('./peers/match.ts'),
  redact: () => import('./peers/redact.ts'),
  write: () => import('./peers/write.ts'),
  floor: () => import('./peers/floor.ts'),
  'mock-agent': () => import('./peers/mock-agent.ts'),
  msw: () => import('./peers/msw.ts'),
  nock: () => import('./peers/nock.ts'),
  bare: () => import('./peers/bare.ts'),
  record: () => import('./peers/record.ts'),
}

interface Deck {
  id: string
  exchanges: Exchange[]
  /** The next one to ask for; none before the first reset. */
  next: number | null
}

let deck: Deck = { id: '', exchanges: [], next: null }
const loading = PEERS[process.argv[2] ?? '']?.()

process.on('message', (job: Job) => {
  runBatch(job).then(
    (batch) => reply({ batch }),
    (error: unknown) => reply({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.once('disconnect', () => exit(0))

function reply(message: BatchReply): void {
  send?.(message)
}

async function runBatch(job: Job): Promise<Batch> {
  const loaded = await loading
  if (loaded === undefined) throw new Error(`no peer is called ${process.argv[2]}`)
  const batch: Batch = { calls: 0, calls_ms: 0, cpu_ms: 0, whole_ms: 0, chunks: 0, first_chunk_ms: [] }
  for (let pass = 0; pass < job.passes; pass++) await runPass(loaded.peer, job, batch)
  return batch
}

async function runPass(peer: Peer, job: Job, batch: Batch): Promise<void> {
  const began = now()
  const exchanges = await deal(peer, job)
  const work = async (): Promise<void> => {
    const cpu = cpuUsage()
    const start = now()
    for (const exchange of exchanges) {
      const seen = await peer.call(exchange)
      if (seen === undefined) continue
      batch.chunks = seen.chunks
      batch.first_chunk_ms.push(seen.first_chunk_ms)
    }
    batch.calls_ms += now() - start
    const { user, system } = cpuUsage(cpu)
    batch.cpu_ms += (user + system) / 1_000
  }
  await (peer.drive === undefined ? work() : peer.drive(work))
  if (!peer.persistent && deck.next === deck.exchanges.length) finish(peer)
  batch.calls += exchanges.length
  batch.whole_ms += now() - began
}

/** The next exchanges to ask for; resets the peer when they are others than before, or all were given. */
async function deal(peer: Peer, job: Job): Promise<Exchange[]> {
  const id = `${job.workload} ${job.recorded}`
  if (deck.id !== id) {
    if (deck.next !== null) finish(peer)
    deck = { id, exchanges: exchangesOf(job.workload, job.recorded), next: null }
    if (peer.persistent) await peer.reset(deck.exchanges, job)
    // A whole run keeps its order.
    if (job.calls < job.recorded) shuffle(deck.exchanges)
  }
  if (deck.next === null && !peer.persistent) await peer.reset(deck.exchanges, job)
  const from = deck.next === null || deck.next + job.calls > deck.exchanges.length ? 0 : deck.next
  deck.next = from + job.calls
  return deck.exchanges.slice(from, from + job.calls)
}

function finish(peer: Peer): void {
  peer.close?.()
  deck.next = null
}

/** Asked for in order, the first of many would flatter a peer that searches from the start. */
function shuffle(exchanges: Exchange[]): void {
  let state = 1
  for (let i = exchanges.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const j = (state >>> 8) % (i + 1)
    ;[exchanges[i], exchanges[j]] = [exchanges[j] as Exchange, exchanges[i] as Exchange]
  }
}
