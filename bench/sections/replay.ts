import { startPeer } from '../support/child.ts'
import { type Arm, callMicros, cpuMicros, interleave, wholeMicros } from '../support/interleave.ts'
import type { Batch } from '../support/protocol.ts'
import { formatRatio, type Row, rowOf, type Section } from '../support/report.ts'
import { compare } from '../support/stats.ts'
import { WORKLOAD_LABELS, type WorkloadName } from '../support/workloads.ts'
import { asInReplay, type SectionOptions, warmedUp } from './options.ts'

const RECORDED = 10
const BASELINE = 'mock-agent'

const PEERS: Record<string, string> = {
  retrial: 'retrial, as in a replay',
  undriven: '  its door and tape without virtual time',
  match: '  its matching alone (look up, compare)',
  redact: '  its search for secrets, once a request',
  write: '  its writing',
  floor: 'a function and a hash map: the least possible',
  [BASELINE]: 'undici MockAgent',
  msw: 'msw, one handler and a map',
  nock: 'nock, matched by body',
}

/** What a replayed interaction should cost at most, as a share of MockAgent's. */
const GOALS: Partial<Record<WorkloadName, number>> = { small: 0.35, large: 0.6, sse: 0.8 }

/** The cost of one replayed interaction, from the request to the last byte of the answer, against the peers. */
export async function measureReplay(options: SectionOptions): Promise<Section[]> {
  const { dir } = options
  const children = new Map(Object.keys(PEERS).map((id) => [id, startPeer(id)]))
  const sections: Section[] = []
  try {
    for (const workload of ['small', 'large', 'sse'] as const) {
      const arms = [...children].map(([id, child]): Arm => {
        return { id, child, job: { workload, recorded: RECORDED, calls: RECORDED, dir } }
      })
      const batches = await interleave(arms, asInReplay(options))
      const warm = await interleave(arms, warmedUp(options))
      sections.push({
        id: `replay_${workload}`,
        title: `Replay, one interaction: ${WORKLOAD_LABELS[workload]}`,
        baseline: PEERS[BASELINE] ?? '',
        rows: rowsOf(workload, batches, warm),
      })
    }
  } finally {
    for (const child of children.values()) child.stop()
  }
  return sections
}

function rowsOf(workload: WorkloadName, batches: Map<string, Batch[]>, warm: Map<string, Batch[]>): Row[] {
  const baseline = callMicros(batches.get(BASELINE))
  const rows = Object.entries(PEERS).map(([id, label]) => {
    const comparison = compare(callMicros(batches.get(id)), baseline)
    const goal = id === 'retrial' ? GOALS[workload] : undefined
    const chunks = batches.get(id)?.at(-1)?.chunks ?? 0
    const cpu = compare(cpuMicros(batches.get(id)), cpuMicros(batches.get(BASELINE)))
    const later = compare(callMicros(warm.get(id)), callMicros(warm.get(BASELINE)))
    const seen = chunks > 0 && workload === 'sse' ? `, ${chunks} chunks seen` : ''
    return rowOf(label, comparison, 'µs', {
      goal,
      note: `CPU ${formatRatio(cpu.ratio)}, warmed up ${formatRatio(later.ratio)}${seen}`,
    })
  })
  const whole = compare(wholeMicros(batches.get('retrial')), baseline)
  rows.splice(1, 0, rowOf('  with its share of opening and sealing', whole, 'µs', { note: `runs of ${RECORDED}` }))
  return rows
}
