import { startLoopback, startPeer } from '../support/child.ts'
import { type Arm, callMicros, cpuMicros, interleave, wholeMicros } from '../support/interleave.ts'
import type { Batch } from '../support/protocol.ts'
import { type Row, rowOf, type Section } from '../support/report.ts'
import { compare, median, quantile } from '../support/stats.ts'
import { WORKLOAD_LABELS, type WorkloadName } from '../support/workloads.ts'
import { type SectionOptions, warmedUp } from './options.ts'

const CALLS = 10
const GOAL = 1.1
/** The most that the first chunk of a stream may come later, ms. */
const FIRST_CHUNK_GOAL_MS = 2

/** What `record()` costs the agent, against Node's `fetch` to the same loopback server: the worst case, no model is so fast. */
export async function measureRecord(options: SectionOptions): Promise<Section[]> {
  const { dir, quick } = options
  const server = await startLoopback()
  const arms = (workload: WorkloadName): Arm[] =>
    ['bare', 'record'].map((id) => ({
      id,
      child: id === 'bare' ? bare : recording,
      job: { workload, recorded: CALLS, calls: CALLS, dir, origin: server.origin },
    }))
  const bare = startPeer('bare')
  const recording = startPeer('record')
  const rows: Row[] = []
  try {
    for (const workload of ['small', 'large', 'large_new', 'sse'] as const) {
      rows.push(...rowsOf(workload, await interleave(arms(workload), { ...warmedUp(options), rounds: quick ? 5 : 25 })))
    }
    const slow = await interleave(arms('slow'), { rounds: quick ? 1 : 3, warmUpMs: 0 })
    rows.push(firstChunkRow(slow))
  } finally {
    for (const child of [bare, recording, server]) child.stop()
  }
  return [{ id: 'record', title: 'Recording, one interaction', baseline: 'the same call without a recorder', rows }]
}

function rowsOf(workload: WorkloadName, batches: Map<string, Batch[]>): Row[] {
  const [bare, recorded] = [batches.get('bare'), batches.get('record')]
  const label = WORKLOAD_LABELS[workload]
  const wall = compare(callMicros(recorded), callMicros(bare))
  const cpu = compare(cpuMicros(recorded), cpuMicros(bare))
  const whole = compare(wholeMicros(recorded), wholeMicros(bare))
  return [
    rowOf(label, wall, 'µs', { goal: GOAL }),
    rowOf('  CPU of the agent’s process', cpu, 'µs'),
    rowOf('  with its share of opening and sealing', whole, 'µs', { note: `runs of ${CALLS}` }),
  ]
}

function firstChunkRow(batches: Map<string, Batch[]>): Row {
  const delays = (id: string): number[] => (batches.get(id) ?? []).map(({ first_chunk_ms }) => median(first_chunk_ms))
  const [bare, recorded] = [delays('bare'), delays('record')]
  const later = recorded.map((delay, round) => delay - (bare[round] ?? 0))
  const note = `${median(later).toFixed(2)} ms later; goal ≤ ${FIRST_CHUNK_GOAL_MS} ms; the stream lasts 200 ms`
  return {
    label: 'first chunk of a slow stream',
    ratio: median(recorded) / median(bare),
    spread: null,
    goal: null,
    p10: { value: quantile(recorded, 0.1), unit: 'ms' },
    note,
  }
}
