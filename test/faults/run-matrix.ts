import { type ForkOptions, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { buildReplayEnvironment } from '../../src/replay/replay-environment.ts'
import { createReplayPool, type ReplayPool, type ReplayResult } from '../../src/replay/replay-pool.ts'
import { FAULTS } from './catalogue.ts'
import { type FaultServer, startFaultServer } from './fault-server.ts'
import type { AgentInput } from './fixtures/agent.ts'
import type { LiveJob } from './fixtures/live.ts'
import type { Outcome } from './fixtures/outcome.ts'

export const CLIENT_NAMES = [
  'fetch',
  'undici fetch',
  'undici request',
  'node:http',
  'axios',
  'got',
  'openai',
  'anthropic',
] as const

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
  /** The recording served by nock, in a process without us; null for clients that nock does not see. */
  byNock: Outcome[] | null
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
const AUTHORITY = join(import.meta.dirname, 'certificates', 'authority.pem')

/** Runs every fault by every client: live, recorded and replayed. */
export async function runMatrix(options: MatrixOptions = {}): Promise<Matrix> {
  const { faults = Object.keys(FAULTS), clients = CLIENT_NAMES } = options
  const server = await startFaultServer()
  const pool = createReplayPool({ ahead: 1, jobs: clients.length })
  const folder = mkdtempSync(join(tmpdir(), 'retrial-faults-'))
  const matrix: Matrix = { cells: [], broken: {} }
  try {
    const plain = await runAll(server, clients, faults, () => null)
    const recorded = await runAll(server, clients, faults, (client) => join(folder, `${client}.jsonl`))
    const nockRuns = await runAllByNock(clients, folder)
    for (const client of clients) {
      const replay = await replayRun(pool, join(folder, `${client}.jsonl`), folder)
      const nocked = nockRuns.get(client)
      if (replay.trouble !== null) matrix.broken[client] = replay.trouble
      for (const fault of faults) {
        const [a, b] = [plain.get(client), recorded.get(client)].map((run) => run?.[fault] ?? null)
        const outcomes = nocked?.[fault]
        const byNock = outcomes === undefined ? null : withoutChance(fault, outcomes)
        matrix.cells.push({
          fault,
          client,
          plain: a ?? null,
          recorded: b ?? null,
          replayed: replay.seen(fault),
          byNock,
        })
      }
    }
    return matrix
  } finally {
    pool.close()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function inputOf(server: FaultServer, client: string, faults: readonly string[]): AgentInput {
  const cases = faults.map((fault) => {
    const { line = 'http', asks = 'whole', act = 'read', retries = false } = FAULTS[fault] ?? {}
    return { fault, url: `${server.origin(line)}/${fault}/${encodeURIComponent(client)}`, asks, act, retries }
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
    const outcomes = await runChild('live', job, (key) => server.saw(key))
    const attempts = (fault: string): number => server.attempts(`${fault}/${encodeURIComponent(client)}`)
    const seen = Object.entries(outcomes).map(([fault, all]) => [
      fault,
      { outcomes: withoutChance(fault, all), attempts: attempts(fault) },
    ])
    return [client, Object.fromEntries(seen) as LiveRun]
  })
  return new Map(await Promise.all(runs))
}

/** Runs a fixture in a process of its own: it gets one job and gives one answer. */
function runChild(fixture: string, job: unknown, onSaw: (key: string) => void): Promise<Record<string, Outcome[]>> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NODE_EXTRA_CA_CERTS: AUTHORITY }
  const options: ForkOptions = { execArgv: ['--no-deprecation'], env, serialization: 'advanced' }
  const child = fork(join(FIXTURES, `${fixture}.ts`), [], options)
  return new Promise((resolve, reject) => {
    child.on('message', (message: { ready?: true; saw?: string; output?: Record<string, Outcome[]> }) => {
      if (message.ready) child.send(job as object)
      if (message.saw !== undefined) onSaw(message.saw)
      if (message.output) resolve(message.output)
    })
    child.once('exit', (code) => reject(new Error(`a process of ${fixture} ended with exit code ${code}`)))
  })
}

/** npm undici goes past nock 14. */
const SEEN_BY_NOCK = new Set<string>(['fetch', 'node:http', 'axios', 'got', 'openai', 'anthropic'])

async function runAllByNock(
  clients: readonly string[],
  folder: string,
): Promise<Map<string, Record<string, Outcome[]>>> {
  const runs = clients.map(async (client): Promise<[string, Record<string, Outcome[]>]> => {
    const { input, interactions } = await readRecording(join(folder, `${client}.jsonl`))
    return [client, await runChild('nock', { input, interactions }, () => undefined)]
  })
  return new Map(await Promise.all(runs.filter((_, i) => SEEN_BY_NOCK.has(clients[i] ?? ''))))
}

interface Replayed {
  seen(fault: string): Seen | null
  trouble: unknown
}

export async function replayRun(pool: ReplayPool, path: string, folder: string): Promise<Replayed> {
  const recording = await readRecording(path)
  const out = `${path}.replay.jsonl`
  const job = {
    recording: path,
    mode: 'strict' as const,
    agent: { module: join(FIXTURES, 'agent.ts'), export: 'run' },
    agent_ref: 'agent.ts#run',
    input: recording.input,
    env: buildReplayEnvironment(recording, {}),
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
