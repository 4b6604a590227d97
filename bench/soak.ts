/**
 * The endurance run: `node bench/soak.ts --rounds 200 [--load] [--workers N] [SCENARIO …]` tries scenarios again and again and
 * compares every replay's recording, byte by byte, and every verdict with those of the first round. The digest stands for all of them. `--load` keeps the other
 * cores busy meanwhile. Prints one line a scenario. Exit code 0: all rounds equal; 1: some differ, and which; 2: usage.
 */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { sha256 } from '../src/core/hash.ts'
import { runSuite } from '../src/index.ts'
import { startBurners } from './support/burners.ts'
import { median, quantile } from './support/stats.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '20' },
    workers: { type: 'string', default: String(availableParallelism()) },
    load: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const workers = Number(values.workers)
if (!Number.isInteger(rounds) || rounds < 2 || !Number.isInteger(workers) || workers < 1) {
  process.stderr.write('--rounds must be a whole number from 2, --workers one from 1\n')
  process.exit(2)
}
const files = positionals.length > 0 ? positionals : globSync('scenarios/*.yaml').sort()
const stopBurners = values.load ? startBurners(availableParallelism() - 1) : () => {}
for (const file of files) await soak(file)
stopBurners()

async function soak(file: string): Promise<void> {
  const outDir = mkdtempSync(join(tmpdir(), 'retrial-soak-'))
  const differing = new Set<string>()
  const replayMs: number[] = []
  const heap: number[] = []
  let first: Map<string, string> | null = null
  let replays = 0
  for (let round = 0; round < rounds; round++) {
    const { reports, duration_ms } = await runSuite([file], { workers, outDir })
    const seen = hashAll(outDir)
    const expected = reports.reduce((sum, { candidates }) => sum + 1 + candidates.length, 0)
    for (const { baseline, candidates } of reports) {
      seen.set('verdicts', JSON.stringify([baseline.verdict, ...candidates.map(({ verdict }) => verdict)]))
      replays += 1 + candidates.length
      replayMs.push(duration_ms / (1 + candidates.length))
    }
    first ??= seen
    for (const [name, hash] of seen) if (first.get(name) !== hash) differing.add(name)
    if (seen.size !== first.size || seen.size !== expected + 1) differing.add('number of recordings')
    heap.push(heapMb())
  }
  rmSync(outDir, { recursive: true, force: true })
  const half = Math.floor(rounds / 2)
  const growth = median(heap.slice(half)) - median(heap.slice(0, half))
  const digest = sha256(JSON.stringify([...(first ?? [])])).slice(0, 12)
  const what = differing.size === 0 ? `all equal (${digest})` : `DIFFER: ${[...differing].join(', ')}`
  const time = `${quantile(replayMs, 0.5).toFixed(0)} ms a replay (p90 ${quantile(replayMs, 0.9).toFixed(0)})`
  process.stdout.write(
    `${basename(file)}: Node ${process.versions.node}, ${replays} replays in ${rounds} rounds, ${what}; ${time}; ` +
      `heap ${median(heap).toFixed(1)} MB, ${growth.toFixed(2)} MB more in the second half\n`,
  )
  if (differing.size > 0) process.exitCode = 1
}

function hashAll(outDir: string): Map<string, string> {
  const paths = globSync('replays/**/*.jsonl', { cwd: outDir }).sort()
  return new Map(paths.map((path) => [path, sha256(readFileSync(join(outDir, path)))]))
}

/** What is still in use: collected first, if the process was started with `--expose-gc`. */
function heapMb(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}
