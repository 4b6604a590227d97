import { startPeer } from '../support/child.ts'
import { type Arm, callMicros, cpuMicros, interleave } from '../support/interleave.ts'
import { formatRatio, type Row, rowOf, type Section } from '../support/report.ts'
import { compare } from '../support/stats.ts'
import { type SectionOptions, warmedUp } from './options.ts'

const FEW = 10
const MANY = 10_000
/** The most that an interaction may cost more in a recording of 10,000 than in one of 10. */
const GOAL = 1.2

const PEERS: Record<string, { label: string; goal?: number; slow?: true }> = {
  retrial: { label: 'retrial, as in a replay', goal: GOAL },
  match: { label: '  its matching alone', goal: GOAL },
  'mock-agent': { label: 'undici MockAgent' },
  msw: { label: 'msw, one handler and a map' },
  nock: { label: 'nock, matched by body', slow: true },
}

/** How the cost of one interaction grows with the number of recorded ones. */
export async function measureGrowth(options: SectionOptions): Promise<Section[]> {
  const { dir, quick } = options
  const rows: Row[] = []
  for (const [id, { label, goal, slow }] of Object.entries(PEERS)) {
    if (quick && slow) continue
    const arms = [FEW, MANY].map((recorded): Arm => {
      const calls = slow ? 2 : FEW
      return { id: String(recorded), child: startPeer(id), job: { workload: 'small', recorded, calls, dir } }
    })
    try {
      const batches = await interleave(arms, slow ? { rounds: 4, warmUpMs: 0 } : warmedUp(options))
      const [few, many] = [FEW, MANY].map((recorded) => callMicros(batches.get(String(recorded))))
      const [fewCpu, manyCpu] = [FEW, MANY].map((recorded) => cpuMicros(batches.get(String(recorded))))
      const cpu = compare(manyCpu ?? [], fewCpu ?? [])
      rows.push(rowOf(label, compare(many ?? [], few ?? []), 'µs', { goal, note: `CPU ${formatRatio(cpu.ratio)}` }))
    } finally {
      for (const { child } of arms) child.stop()
    }
  }
  return [
    {
      id: 'growth',
      title: `Growth, one small interaction: ${MANY.toLocaleString('en')} recorded against ${FEW}`,
      baseline: `the same peer with ${FEW} recorded interactions`,
      rows,
    },
  ]
}
