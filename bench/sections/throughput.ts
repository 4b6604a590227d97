import { startPeer } from '../support/child.ts'
import { type Arm, callMicros, cpuMicros, interleave, runMicros } from '../support/interleave.ts'
import { formatRatio, type Row, rowOf, type Section } from '../support/report.ts'
import { compare, median } from '../support/stats.ts'
import { asInReplay, type SectionOptions, warmedUp } from './options.ts'

/** Ten of a model, each with the whole history, and ten of a tool. */
const CALLS = 20
const BASELINE = 'mock-agent'

/** Goals: at least 12 times as many runs as MockAgent through wrapped functions, at least twice as many through `fetch`. */
const PEERS: Record<string, { label: string; goal?: number }> = {
  functions: { label: 'retrial, wrapped functions', goal: 1 / 12 },
  'function-floor': { label: '  comparing and parsing alone: the least possible' },
  retrial: { label: 'retrial, fetch', goal: 1 / 2 },
  floor: { label: 'a function and a hash map: the least possible' },
  [BASELINE]: { label: 'undici MockAgent' },
  msw: { label: 'msw, one handler and a map' },
  nock: { label: 'nock, matched by body' },
}

/** How long a whole run of ten steps takes, one after the other in one process; each of retrial's opens and seals a recording. */
export async function measureThroughput(options: SectionOptions): Promise<Section[]> {
  const { dir } = options
  const arms = Object.keys(PEERS).map((id): Arm => {
    return { id, child: startPeer(id), job: { workload: 'steps', recorded: CALLS, calls: CALLS, dir } }
  })
  try {
    const batches = await interleave(arms, asInReplay(options))
    const warm = await interleave(arms, warmedUp(options))
    const baseline = runMicros(batches.get(BASELINE), CALLS)
    const rows = Object.entries(PEERS).map(([id, { label, goal }]): Row => {
      const runs = runMicros(batches.get(id), CALLS)
      const cpu = compare(cpuMicros(batches.get(id)), cpuMicros(batches.get(BASELINE)))
      const later = compare(runMicros(warm.get(id), CALLS), runMicros(warm.get(BASELINE), CALLS))
      const calls = compare(callMicros(batches.get(id)), callMicros(batches.get(BASELINE)))
      const note = `CPU of the calls ${formatRatio(cpu.ratio)}, calls alone ${formatRatio(calls.ratio)}, warmed up ${formatRatio(later.ratio)}, ${Math.round(1e6 / median(runs)).toLocaleString('en')} runs a second`
      return rowOf(label, compare(runs, baseline), 'µs', { goal, note })
    })
    const title = 'A run of ten steps: ten model calls that re-send the history, ten tool calls'
    return [{ id: 'throughput', title, baseline: PEERS[BASELINE]?.label ?? '', rows }]
  } finally {
    for (const { child } of arms) child.stop()
  }
}
