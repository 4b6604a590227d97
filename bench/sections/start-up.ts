import { spawnSync } from 'node:child_process'
import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Row, rowOf, type Section } from '../support/report.ts'
import { compare } from '../support/stats.ts'
import type { SectionOptions } from './options.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const CLI = join(ROOT, 'bin', 'retrial.js')
const SCENARIO = join(ROOT, 'scenarios', 'empty-search-loop.yaml')
const CANDIDATE = 'empty-search-loop/hand-over-early'
const BASELINE = 'empty'

interface Command {
  label: string
  args: string[]
  goal?: number
  note?: string
}

/** Wall time of whole processes: what a person waits for. */
export function measureStartUp({ dir, quick }: SectionOptions): Section[] {
  buildWhenStale()
  const out = ['--out', join(dir, 'verify')]
  const commands: Record<string, Command> = {
    [BASELINE]: { label: 'node empty.mjs', args: [join(import.meta.dirname, '..', 'support', 'empty.mjs')] },
    help: { label: 'retrial --help', args: [CLI, '--help'] },
    verify: {
      label: 'retrial verify, one candidate',
      args: [CLI, 'verify', SCENARIO, '--only', CANDIDATE, ...out],
      goal: 1.8,
      note: 'two replays, each in a process of its own',
    },
    scenario: { label: 'retrial verify, one scenario', args: [CLI, 'verify', SCENARIO, ...out], note: 'five replays' },
  }
  const times = new Map(Object.keys(commands).map((id): [string, number[]] => [id, []]))
  const ids = Object.keys(commands)
  for (const { args } of Object.values(commands)) run(args)
  const rounds = quick ? 3 : 15
  for (let round = 0; round < rounds; round++) {
    const first = round % ids.length
    for (const id of [...ids.slice(first), ...ids.slice(0, first)]) {
      times.get(id)?.push(run(commands[id]?.args ?? []))
    }
  }
  const baseline = times.get(BASELINE) ?? []
  const rows = ids.map((id): Row => {
    const { label, goal, note } = commands[id] as Command
    return rowOf(label, compare(times.get(id) ?? [], baseline), 'ms', { goal, note })
  })
  return [{ id: 'start_up', title: 'Start-up, whole process', baseline: 'node empty.mjs', rows }]
}

function run(args: string[]): number {
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  const ms = performance.now() - began
  if (status !== 0) throw new Error(`${args.join(' ')} ended with exit code ${status}: ${stderr}`)
  return ms
}

/** The command is measured as it is shipped: built, from the source that is there. */
function buildWhenStale(): void {
  const built = join(ROOT, 'dist', 'cli', 'main.js')
  const changed = Math.max(...globSync('src/**/*.ts', { cwd: ROOT }).map((file) => statSync(join(ROOT, file)).mtimeMs))
  if (existsSync(built) && statSync(built).mtimeMs > changed) return
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'prepare.js')], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`)
}
