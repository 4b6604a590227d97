import { type ForkOptions, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { buildReplayEnvironment } from '../../src/replay/replay-environment.ts'
import { createReplayPool, type ReplayPool } from '../../src/replay/replay-pool.ts'
import type { ReplayResult } from '../../src/replay/replay-worker.ts'
import { FAULTS } from './catalogue.ts'
import { type FaultServer, startFaultServer } from './fault-server.ts'
import type { AgentInput } from './fixtures/agent.ts'
import type { LiveJob } from './fixtures/live.ts'
import type { Outcome } from './fixtures/outcome.ts'
import { CLIENT_NAMES, childEnvironment } from './run-child.ts'
import { askAll, LIBRARY_NAMES, type LibraryName } from './second-opinions.ts'

/** What came of a case: what the agent saw, and how often it asked. */
export interface Seen {
  outcomes: Outcome[]
  attempts: number
}

/** One case by one client: run for real without and with the recorder, and replayed. */
export interface Cell {
  fault: string
  client: string
  plain: Seen | null
  recorded: Seen | null
  replayed: Seen | null
  /** The recording served by other libraries, in processes without us; none where a library does not see the client. */
  opinions: Partial<Record<LibraryName, Outcome[]>>
}

export interface Matrix {
  cells: Cell[]
  /** What went wrong with a whole run, by client. */
  broken: Record<string, unknown>
}

export interface MatrixOptions {
  faults?: readonly string[]
  clients?: readonly string[]
}

const FIXTURES = join(import.meta.dirname, 'fixtures')

/** Processes at a time that ask for second opinions: they mostly wait. */
const OPINIONS_AT_ONCE = 6

/** Runs every fault by every client: live, recorded, replayed, and served by other libraries. */
export async function runMatrix(options: MatrixOptions = {}): Promise<Matrix> {
  const { faults = Object.keys(FAULTS), clients = CLIENT_NAMES } = options
  const folder = mkdtempSync(join(tmpdir(), 'retrial-faults-'))
  const pool = createReplayPool({ ahead: 1, jobs: clients.length })
  const pathOf = (client: string): string => join(folder, `${client}.jsonl`)
  try {
    const plain = await runLive(clients, faults, () => null)
    const recorded = await runLive(clients, faults, pathOf)
    // That server is gone: a library that lets a request go shows it.
    const recordings = new Map<string, Recording>()
    for (const client of clients) recordings.set(client, await readRecording(pathOf(client)))
    const [opinions, replays] = await Promise.all([
      askAll(recordings, OPINIONS_AT_ONCE),
      replayAll(pool, clients, pathOf, folder),
    ])
    const matrix: Matrix = { cells: [], broken: {} }
    for (const client of clients) {
      const replay = replays.get(client)
      if (replay?.trouble) matrix.broken[client] = replay.trouble
      for (const fault of faults) {
        matrix.cells.push({
          fault,
          client,
          plain: plain.get(client)?.[fault] ?? null,
          recorded: recorded.get(client)?.[fault] ?? null,
          replayed: replay?.seen(fault) ?? null,
          opinions: opinionsOf(opinions, client, fault),
        })
      }
    }
    return matrix
  } finally {
    pool.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** All cases for real, by a server of their own. */
async function runLive(
  clients: readonly string[],
  faults: readonly string[],
  outOf: (client: string) => string | null,
): Promise<Map<string, LiveRun>> {
  const server = await startFaultServer()
  try {
    return await runAll(server, clients, faults, outOf)
  } finally {
    await server.close()
  }
}

async function replayAll(
  pool: ReplayPool,
  clients: readonly string[],
  pathOf: (client: string) => string,
  folder: string,
): Promise<Map<string, Replayed>> {
  const replays = new Map<string, Replayed>()
  for (const client of clients) replays.set(client, await replayRun(pool, client, pathOf(client), folder))
  return replays
}

function opinionsOf(
  opinions: Awaited<ReturnType<typeof askAll>>,
  client: string,
  fault: string,
): Partial<Record<LibraryName, Outcome[]>> {
  return Object.fromEntries(
    LIBRARY_NAMES.flatMap((library) => {
      const outcomes = opinions.get(library)?.get(client)?.[fault]
      return outcomes === undefined ? [] : [[library, withoutChance(fault, outcomes)]]
    }),
  )
}

function inputOf(server: FaultServer, client: string, faults: readonly string[]): AgentInput {
  const cases = faults.map((fault) => {
    const { line = 'http', asks = 'whole', act = 'read', retries = false, patience_ms = 500 } = FAULTS[fault] ?? {}
    const url = `${server.origin(line)}/${fault}/${encodeURIComponent(client)}`
    return { fault, url, asks, act, retries, patience_ms }
  })
  return { client, cases }
}

type LiveRun = Record<string, Seen>

/** What differs from one live run to the next, whoever watches. */
const CHANCE: Record<string, [pattern: RegExp, by: string]> = {
  status_429_date: [/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, 'DATE'],
  // Whoever is first, the client with its request or the server, decides where the reset is met.
  reset_on_connect: [/(?:connect|read|write)( ECONNRESET HOST| ECONNRESET|(?="))/g, 'MET'],
}

function withoutChance(fault: string, outcomes: Outcome[]): Outcome[] {
  const [pattern, by] = CHANCE[fault] ?? []
  if (pattern === undefined || by === undefined) return outcomes
  return JSON.parse(JSON.stringify(outcomes).replace(pattern, by)) as Outcome[]
}

/** Runs all clients for real and at once, as they mostly wait; records those that `outOf` gives a path. */
export async function runAll(
  server: FaultServer,
  clients: readonly string[],
  faults: readonly string[],
  outOf: (client: string) => string | null,
): Promise<Map<string, LiveRun>> {
  server.reset()
  const runs = clients.map(async (client): Promise<[string, LiveRun]> => {
    const job: LiveJob = { input: inputOf(server, client, faults), out: outOf(client) }
    const outcomes = await runChild(client, job, (key) => server.saw(key))
    const attempts = (fault: string): number => server.attempts(`${fault}/${encodeURIComponent(client)}`)
    const seen = Object.entries(outcomes).map(([fault, all]) => [
      fault,
      { outcomes: withoutChance(fault, all), attempts: attempts(fault) },
    ])
    return [client, Object.fromEntries(seen) as LiveRun]
  })
  return new Map(await Promise.all(runs))
}

/** Runs all cases of a client for real, in a process of its own: it gets one job and gives one answer. */
function runChild(client: string, job: LiveJob, onSaw: (key: string) => void): Promise<Record<string, Outcome[]>> {
  const options: ForkOptions = {
    execArgv: ['--no-deprecation'],
    env: childEnvironment(client),
    serialization: 'advanced',
  }
  const child = fork(join(FIXTURES, 'live.ts'), [], { ...options, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  return new Promise((resolve, reject) => {
    child.on('message', (message: { ready?: true; saw?: string; output?: Record<string, Outcome[]> }) => {
      if (message.ready) child.send(job)
      if (message.saw !== undefined) onSaw(message.saw)
      if (message.output) resolve(message.output)
    })
    child.once('exit', (code) => reject(new Error(`the process of ${client} ended with exit code ${code}`)))
  })
}

interface Replayed {
  seen(fault: string): Seen | null
  trouble: unknown
}

export async function replayRun(pool: ReplayPool, client: string, path: string, folder: string): Promise<Replayed> {
  const recording = await readRecording(path)
  const out = `${path}.replay.jsonl`
  const job = {
    recording: path,
    mode: 'strict' as const,
    agent: { module: join(FIXTURES, 'agent.ts'), export: 'run' },
    agent_ref: 'agent.ts#run',
    input: recording.input,
    env: buildReplayEnvironment(recording, { FAULTS_CLIENT: client }),
    cwd: folder,
    volatile: [],
    on_divergence: 'fail' as const,
    out,
    max_virtual_ms: 3_600_000,
  }
  const result = await pool.replay(job, 60_000)
  const replayed = result.recording === null ? null : await readRecording(result.recording, { mode: 'prefix' })
  const outcomes = (replayed?.finish?.output ?? {}) as Record<string, Outcome[]>
  return {
    seen: (fault) => {
      const all = outcomes[fault]
      return all === undefined || replayed === null
        ? null
        : { outcomes: withoutChance(fault, all), attempts: countOf(replayed, fault) }
    },
    trouble: troubleOf(result, replayed),
  }
}

/** How often a case was asked; what never reached the server in the live run does not count in a replay either. */
function countOf(recording: Recording, fault: string): number {
  const line = FAULTS[fault]?.line ?? 'http'
  if (!(line === 'http' || line === 'https')) return 0
  const ofCase = (one: unknown): boolean => (one as HttpInteraction).request.url.includes(`/${fault}/`)
  return recording.interactions.filter(ofCase).length
}

function troubleOf({ end, divergences, egress, output }: ReplayResult, replayed: Recording | null): unknown {
  const worse = replayed?.interactions.filter(({ evidence }) => evidence?.grade !== 'exact') ?? []
  const grades = worse.map((one) => `${(one as HttpInteraction).request.url} ${one.evidence?.grade}`)
  if (end.outcome === 'finished' && divergences.length === 0 && egress.length === 0 && grades.length === 0) return null
  const last = replayed?.interactions.at(-1) as HttpInteraction | undefined
  return { end, divergences, egress, grades, last: last?.request.url, output }
}
