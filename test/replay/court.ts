import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonValue } from '../../src/core/json.ts'
import type { Recording } from '../../src/model/recording.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import type { ReplayJob } from '../../src/replay/protocol.ts'
import { buildReplayEnvironment } from '../../src/replay/replay-environment.ts'
import { createReplayPool } from '../../src/replay/replay-pool.ts'
import type { ReplayResult } from '../../src/replay/replay-worker.ts'
import type { RecorderAnswer, RecorderJob } from './fixtures/recorder.ts'

const ROOT = join(import.meta.dirname, '../..')
const FIXTURES = join(import.meta.dirname, 'fixtures')

/** An agent under test: a module file and the export to run. */
export interface Agent {
  module: string
  export: string
}

/** A live run: what the agent gave, and its recording. */
export interface LiveRun {
  path: string
  recording: Recording
  output: unknown
  /** What the agent threw, as text. */
  error: string | undefined
}

/** A replay: what came of it, and its own recording as far as there is one. */
export interface Replay extends ReplayResult {
  replayed: Recording | null
  /** Grade of each interaction, in order of the calls. */
  grades: (string | undefined)[]
  outcome: string
}

export interface ReplaySettings extends Partial<Omit<ReplayJob, 'input' | 'params'>> {
  /** What the agent is called with instead of the recorded input; and its second argument. */
  input?: unknown
  params?: unknown
  max_real_ms?: number
  max_memory_mb?: number
  extra_env?: Record<string, string>
}

/** Where recordings are made and replayed: a folder, a process that records, and a pool of processes that replay. */
export interface Court {
  folder: string
  /** Writes a module with the given source; its export `run` is the agent. */
  agent(source: string): Agent
  record(agent: Agent, input?: unknown): Promise<LiveRun>
  /** Writes a recording that was put together or changed. */
  save(recording: Recording): LiveRun
  replay(agent: Agent, run: Pick<LiveRun, 'path' | 'recording'>, settings?: ReplaySettings): Promise<Replay>
  /** Announces a replay that is to be run later. */
  prepare(agent: Agent, run: Pick<LiveRun, 'path' | 'recording'>, settings?: ReplaySettings): PreparedCourtReplay
  /** Ends the processes that wait. */
  closePool(): void
  close(): void
}

/** A replay that was announced, and where it leaves its recording. */
export interface PreparedCourtReplay {
  out: string
  run(): Promise<Replay>
}

/** The export `name` of a fixture. */
export function fixture(file: string, name = 'run'): Agent {
  return { module: join(FIXTURES, `${file}.ts`), export: name }
}

/** @param env What the recording process has besides the usual. */
export function openCourt(env: NodeJS.ProcessEnv = {}): Court {
  mkdirSync(join(ROOT, '.retrial'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, '.retrial', 'test-replay-'))
  const work = join(folder, 'work')
  const pool = createReplayPool({ ahead: 2, cacheDir: join(ROOT, '.retrial', 'cache'), workDir: work })
  const recorder = startRecorder(env)
  let files = 0
  const path = (name: string): string => join(folder, `${name}-${++files}`)
  const describeJob: DescribeJob = (
    agent,
    run,
    { max_real_ms, max_memory_mb, extra_env = {}, input, params, ...job },
  ) => ({
    recording: run.path,
    mode: 'strict',
    agent,
    agent_ref: 'agent.ts#run',
    input: input === undefined ? run.recording.input : (input as JsonValue),
    ...(params !== undefined && { params: params as JsonValue }),
    env: buildReplayEnvironment(run.recording, extra_env),
    cwd: folder,
    volatile: [],
    on_divergence: 'fail',
    out: `${path('replay')}.jsonl`,
    max_virtual_ms: 3_600_000,
    ...job,
  })
  return {
    folder,
    agent(source) {
      const module = `${path('agent')}.ts`
      writeFileSync(module, source)
      return { module, export: 'run' }
    },
    async record(agent, input = null) {
      const out = `${path('live')}.jsonl`
      const answer = await recorder.run({ ...agent, input, out, agent_ref: `${agent.module}#${agent.export}` })
      const recording = await readRecording(out)
      const failed = 'error' in answer
      return { path: out, recording, output: failed ? null : answer.output, error: failed ? answer.error : undefined }
    },
    save(recording) {
      const out = `${path('saved')}.jsonl`
      saveRecording(out, recording)
      return { path: out, recording, output: recording.finish?.output, error: undefined }
    },
    async replay(agent, run, settings = {}) {
      const { max_real_ms = MAX_REAL_MS, max_memory_mb } = settings
      return readReplay(await pool.replay(describeJob(agent, run, settings), max_real_ms, max_memory_mb))
    },
    prepare(agent, run, settings = {}) {
      const job = describeJob(agent, run, settings)
      const prepared = pool.prepare(job, settings.max_real_ms ?? MAX_REAL_MS, settings.max_memory_mb)
      return { out: job.out, run: async () => readReplay(await prepared.run()) }
    },
    closePool: () => pool.close(),
    close() {
      pool.close()
      recorder.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const MAX_REAL_MS = 20_000

type DescribeJob = (agent: Agent, run: Pick<LiveRun, 'path' | 'recording'>, settings: ReplaySettings) => ReplayJob

async function readReplay(result: ReplayResult): Promise<Replay> {
  const replayed =
    result.recording === null ? null : await readRecording(result.recording, { mode: 'prefix' }).catch(() => null)
  const grades = replayed?.interactions.map(({ evidence }) => evidence?.grade) ?? []
  return { ...result, replayed, grades, outcome: result.end.outcome }
}

interface Recorder {
  run(job: Omit<RecorderJob, 'id'>): Promise<RecorderAnswer>
  close(): void
}

function startRecorder(env: NodeJS.ProcessEnv): Recorder {
  const child: ChildProcess = fork(join(FIXTURES, 'recorder.ts'), [], {
    execArgv: [],
    env: { PATH: process.env.PATH, OPENAI_API_KEY: 'no-key-needed', ...env },
    serialization: 'advanced',
  })
  const waiting = new Map<number, (answer: RecorderAnswer) => void>()
  const ready = new Promise<unknown>((resolve) => waiting.set(0, resolve))
  child.on('message', (answer: RecorderAnswer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  child.once('exit', (code) => {
    for (const [id, settle] of waiting) settle({ id, error: `the recorder ended with ${code}` })
  })
  let jobs = 0
  return {
    async run(job) {
      await ready
      const id = ++jobs
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        child.send({ ...job, id })
      })
    },
    close: () => child.kill(),
  }
}

/** The output of a replay that finished. */
export function outputOf({ replayed }: Replay): JsonValue | undefined {
  return replayed?.finish?.output as JsonValue | undefined
}
