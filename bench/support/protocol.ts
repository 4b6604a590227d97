import type { Exchange, WorkloadName } from './workloads.ts'

/** What is compared: each runs in a process of its own. */
export interface Peer {
  /** False when each answer is given once: then the peer is reset when all were given. */
  persistent: boolean
  /** Gets ready to answer these exchanges. Not timed. */
  reset(exchanges: Exchange[], job: Job): Promise<void> | void
  /** One interaction, from the request to the last byte of the answer. */
  call(exchange: Exchange): Promise<{ chunks: number; first_chunk_ms: number } | undefined> | undefined
  /** Runs work that makes calls, where that takes more than calling it. */
  drive?(work: () => Promise<void>): Promise<void>
  /** Ends what `reset` began. Not timed. */
  close?(): void
}

/** One batch: `passes` times `calls` interactions. */
export interface Job {
  workload: WorkloadName
  /** How many interactions are recorded. */
  recorded: number
  calls: number
  passes: number
  /** A folder for files. */
  dir: string
  /** Where the loopback server listens. */
  origin?: string
}

export interface Batch {
  calls: number
  /** Wall time within the calls, ms. */
  calls_ms: number
  /** CPU time of the peer's process within the calls, ms. */
  cpu_ms: number
  /** Wall time with setting up and ending each pass, ms. */
  whole_ms: number
  /** Chunks of the last answer, as the client saw them. */
  chunks: number
  /** Delay of the first chunk of each answer, ms. */
  first_chunk_ms: number[]
}

export type BatchReply = { batch: Batch } | { failure: string }
