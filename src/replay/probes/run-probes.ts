import { fork } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../../core/json.ts'
import type { ProbeOutcome } from '../../model/isolation.ts'
import type { EgressAttempt, Wall } from '../../model/verdict.ts'
import { readRecording } from '../../recording/read-recording.ts'
import { saveRecording } from '../../recording/save-recording.ts'
import { permissionFlags } from '../isolation/permission.ts'
import type { ReplayIsolation } from '../protocol.ts'
import { createReplayPool, type ReplayPool } from '../replay-pool.ts'
import { PROBES } from './catalogue.ts'
import type { Probe } from './probe.ts'
import { ANNOUNCED, type ProbeAccount, type ProbeJob } from './try-probes.ts'
import { openWitness, type Witness } from './witnesses.ts'

/** The walls to try: without any, with some by themselves, or a replay with its guard. */
export type ProbeLevel = { replay: ReplayIsolation } | { replay: null; permission: boolean }

export interface LevelResult {
  /** The walls that were seen to stand. */
  walls: Wall[]
  outcomes: ProbeOutcome[]
}

export interface RunProbesOptions {
  /** @default all of the catalogue */
  probes?: readonly Probe[] | undefined
  /** Folder for all that is made; it is removed. @default one among the temporary files */
  folder?: string | undefined
}

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const AGENT = fileURLToPath(new URL(`./try-probes.${EXTENSION}`, import.meta.url))
const PROCESS = fileURLToPath(new URL(`./probe-process.${EXTENSION}`, import.meta.url))
const MAX_REAL_MS = 120_000

/** Tries ways out of a process at one level, against listeners and files of this process that count who reaches them. */
export async function runProbes(level: ProbeLevel, options: RunProbesOptions = {}): Promise<LevelResult> {
  const { probes = PROBES } = options
  const folder = realpathSync(options.folder ?? mkdtempSync(join(tmpdir(), 'retrial-probes-')))
  const witnesses = new Map<string, Witness>()
  for (const [index, { name, listens = false }] of probes.entries()) {
    witnesses.set(name, await openWitness(join(folder, `${index}`), listens))
  }
  const runner = level.replay === null ? bareRunner(level.permission, folder) : replayRunner(level.replay, folder)
  try {
    const told: Told = { walls: [], accounts: {}, attempts: {} }
    for (const batch of batchesOf(probes)) {
      const job = batch.map(({ name }) => ({ name, target: (witnesses.get(name) as Witness).target }))
      const { walls, accounts, attempts } = await runner.run(job)
      told.walls = walls
      Object.assign(told.accounts, accounts)
      Object.assign(told.attempts, attempts)
    }
    return { walls: told.walls, outcomes: probes.map(({ name }) => judge(name, told, witnesses.get(name) as Witness)) }
  } finally {
    runner.close()
    await Promise.all([...witnesses.values()].map((witness) => witness.close()))
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Told {
  walls: Wall[]
  accounts: Record<string, ProbeAccount>
  /** Where each attempt was made, by probe. */
  attempts: Record<string, (string | null)[]>
}

interface Runner {
  run(probes: ProbeJob['probes']): Promise<Told>
  close(): void
}

/** Those that can share a process do. */
function batchesOf(probes: readonly Probe[]): Probe[][] {
  const together = probes.filter(({ alone }) => !alone)
  return [...(together.length > 0 ? [together] : []), ...probes.filter(({ alone }) => alone).map((probe) => [probe])]
}

function judge(name: string, { accounts, attempts }: Told, witness: Witness): ProbeOutcome {
  const account = accounts[name] ?? 'silent'
  const places = attempts[name] ?? []
  const contacts = [...witness.contacts(), ...(account === 'through' ? ['itself'] : [])]
  return { name, contacts, counted: places.length, places, account }
}

function bareRunner(permission: boolean, folder: string): Runner {
  const scratch = mkdtempSync(join(folder, 'scratch-'))
  const flags = permission ? permissionFlags([scratch], false) : []
  return {
    close: () => undefined,
    run: (probes) =>
      new Promise((resolve) => {
        const child = fork(PROCESS, [], {
          execArgv: ['--no-warnings', ...flags],
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
          cwd: scratch,
          env: { PATH: process.env.PATH, TMPDIR: scratch },
        })
        const late = setTimeout(() => child.kill('SIGKILL'), MAX_REAL_MS)
        let accounts: Record<string, ProbeAccount> = {}
        child.on('message', (message) => {
          accounts = message as Record<string, ProbeAccount>
        })
        child.once('close', () => {
          clearTimeout(late)
          resolve({ walls: permission ? ['permission'] : [], accounts, attempts: {} })
        })
        child.send({ probes, announce: false } satisfies ProbeJob)
      }),
  }
}

function replayRunner(isolation: ReplayIsolation, folder: string): Runner {
  const recording = join(folder, 'recording.jsonl')
  saveRecording(recording, {
    format: 'retrial/1',
    run: { run_id: 'probes', trace_id: 'probes', started_at: 0 },
    input: null,
    runtime: { node: process.versions.node, platform: process.platform },
    redaction: null,
    interactions: [],
    notes: [],
    finish: { at_ms: 0, stop_reason: 'completed', output: null, error: null },
    integrity: 'sealed',
  })
  const pool: ReplayPool = createReplayPool({ workDir: join(folder, 'work') })
  let replays = 0
  return {
    close: () => pool.close(),
    async run(probes) {
      const input = { probes, announce: true } satisfies ProbeJob
      const result = await pool.replay(
        {
          recording,
          mode: 'strict',
          agent: { module: AGENT, export: 'run' },
          agent_ref: 'probes',
          input: input as unknown as JsonObject,
          env: {},
          cwd: folder,
          volatile: [],
          on_divergence: 'fail',
          out: join(folder, `replay-${++replays}.jsonl`),
          max_virtual_ms: 86_400_000,
          isolation,
        },
        MAX_REAL_MS,
      )
      const attempts = sortAttempts(result.egress)
      // A door that has no answer stops the replay: that is its way to count.
      const [first] = probes
      if (first !== undefined && result.divergences.length > 0) {
        attempts[first.name] = [...(attempts[first.name] ?? []), ...result.divergences.map(() => null)]
      }
      return { walls: result.isolation, accounts: await readAccounts(result.recording), attempts }
    },
  }
}

/** What each probe said of itself, which the replay's own recording holds if it came to its end. */
async function readAccounts(recording: string | null): Promise<Record<string, ProbeAccount>> {
  const replayed = recording === null ? null : await readRecording(recording, { mode: 'prefix' }).catch(() => null)
  return (replayed?.finish?.output ?? {}) as Record<string, ProbeAccount>
}

/** Whose attempts they were: each probe makes one that announces it. */
function sortAttempts(attempts: readonly EgressAttempt[]): Told['attempts'] {
  const sorted: Told['attempts'] = {}
  let current: (string | null)[] = []
  for (const { target, at } of attempts) {
    if (target.startsWith(ANNOUNCED)) {
      current = []
      sorted[target.slice(ANNOUNCED.length)] = current
    } else current.push(at)
  }
  return sorted
}
