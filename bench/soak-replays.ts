/**
 * Replays the incidents of `test/world/time/fixtures` again and again, as a trial does: each prepared ahead of time in a
 * process of its own while others run. `node --expose-gc bench/soak-replays.ts [--count 1000] [--load] [--direct | --calm]` compares
 * every recording with the first, byte by byte. `--load` keeps the other cores busy; `--direct` prepares nothing; `--calm` lets each
 * come to rest before it runs, with nothing beside it. Prints one line an incident. Exit code 0: all are equal; 1: some differ; 2: usage.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { sha256 } from '../src/core/hash.ts'
import { readRecording } from '../src/recording/read-recording.ts'
import type { ReplayJob } from '../src/replay/protocol.ts'
import { buildReplayEnvironment } from '../src/replay/replay-environment.ts'
import { createReplayPool } from '../src/replay/replay-pool.ts'
import { startBurners } from './support/burners.ts'
import { median, quantile } from './support/stats.ts'

const FIXTURES = join(import.meta.dirname, '..', 'test', 'world', 'time', 'fixtures')
const INCIDENTS = { waits: 'run', 'ten-minutes': 'poll' }
const MAX_REAL_MS = 120_000

/** Longer than a process takes to load an agent and come to rest, ms. */
const CALM_MS = 1_500

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    load: { type: 'boolean', default: false },
    direct: { type: 'boolean', default: false },
    calm: { type: 'boolean', default: false },
  },
})
const count = Number(values.count)
if (!Number.isInteger(count) || count < 2) {
  process.stderr.write('--count must be a whole number from 2\n')
  process.exit(2)
}
const stopBurners = values.load ? startBurners(availableParallelism() - 1) : () => {}
const folder = mkdtempSync(join(tmpdir(), 'retrial-soak-'))
for (const [name, agent] of Object.entries(INCIDENTS)) await soak(name, agent)
rmSync(folder, { recursive: true, force: true })
stopBurners()

async function soak(name: string, agent: string): Promise<void> {
  const path = join(FIXTURES, `${name}.jsonl`)
  const recording = await readRecording(path)
  const ahead = values.calm ? 1 : 2
  const pool = createReplayPool({ ahead, jobs: count, cacheDir: join(folder, 'cache') })
  const job = (index: number): ReplayJob => ({
    recording: path,
    mode: 'strict',
    agent: { module: join(FIXTURES, 'waiting-agent.ts'), export: agent },
    agent_ref: `waiting-agent.ts#${agent}`,
    input: recording.input,
    env: buildReplayEnvironment(recording, {}),
    cwd: folder,
    volatile: [],
    on_divergence: 'fail',
    out: join(folder, `${name}-${index}.jsonl`),
    max_virtual_ms: 3_600_000,
  })
  const seen = new Map<string, number>()
  const took: number[] = []
  const heap: number[] = []
  // Those that are known at a time: one that runs, and those that are prepared meanwhile.
  const known = values.calm ? 1 : ahead + 1
  const announced = Array.from({ length: Math.min(known, count) }, (_, i) => pool.prepare(job(i), MAX_REAL_MS))
  for (let i = 0; i < count; i++) {
    if (values.calm) await setTimeout(CALM_MS)
    const result = values.direct
      ? await pool.replay(job(i), MAX_REAL_MS)
      : await (announced.shift() as (typeof announced)[number]).run()
    if (!values.direct && i + known < count) announced.push(pool.prepare(job(i + known), MAX_REAL_MS))
    const bytes = result.recording === null ? 'none' : readFileSync(result.recording, 'utf8')
    const digest = sha256(`${JSON.stringify(result.end)} ${bytes}`).slice(0, 12)
    seen.set(digest, (seen.get(digest) ?? 0) + 1)
    took.push(result.real_ms)
    if (result.recording !== null) rmSync(result.recording)
    globalThis.gc?.()
    heap.push(process.memoryUsage().heapUsed / 2 ** 20)
  }
  pool.close()
  const half = Math.floor(count / 2)
  const growth = median(heap.slice(half)) - median(heap.slice(0, half))
  const what = seen.size === 1 ? `all equal (${[...seen.keys()]})` : `DIFFER: ${JSON.stringify([...seen])}`
  const [least, p10, p50, p90] = [0, 0.1, 0.5, 0.9].map((q) => quantile(took, q).toFixed(0))
  process.stdout.write(
    `${name}: Node ${process.versions.node}, ${count} replays, ${what}; from go to done ${least} ms at best, ` +
      `p10 ${p10}, p50 ${p50}, p90 ${p90}; heap ${median(heap).toFixed(1)} MB, ${growth.toFixed(2)} MB more in the second half\n`,
  )
  if (seen.size > 1) process.exitCode = 1
}
