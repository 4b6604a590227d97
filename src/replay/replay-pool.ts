import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { doNothing } from '../core/nothing.ts'
import type { Divergence, EgressAttempt } from '../model/verdict.ts'
import { DEFAULT_MAX_MEMORY_MB } from '../scenario/scenario.ts'
import type { ReplayEnd, ReplayJob, ReplayMessage } from './protocol.ts'
import { SAMPLED, sampleStack } from './sample-stack.ts'

/** What came of one replay. */
export interface ReplayResult {
  end: ReplayEnd | { outcome: 'hung' | 'crashed'; failure: string; agent_error?: undefined }
  divergences: Divergence[]
  /** Counted here, out of the agent's reach. */
  egress: EgressAttempt[]
  /** The replay's own recording; null when none was written. */
  recording: string | null
  /** The end of what the agent printed. */
  output: string
  virtual_ms: number
  real_ms: number
}

export interface ReplayPool {
  /**
   * Runs one job in a process of its own. Never rejects: whatever goes wrong is the result's `end`.
   *
   * @param maxRealMs After so long the process is killed.
   * @param maxMemoryMb With more JavaScript objects than that its engine ends it. Default: that of a scenario.
   */
  replay(job: ReplayJob, maxRealMs: number, maxMemoryMb?: number): Promise<ReplayResult>
  /** Ends the processes that wait. */
  close(): void
}

const ENTRY = fileURLToPath(
  new URL(`./replay-process.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
)
const OUTPUT_KEPT = 16_384
/** What the engine prints when no room is left: figures of its heap first, then that it is out of memory, and a stack of its own. */
const OUT_OF_MEMORY = /\s*<--- Last few GCs --->[\s\S]*JavaScript heap out of memory[\s\S]*$/
const QUIET = ['--disable-warning=ExperimentalWarning', '--no-deprecation']

export interface ReplayPoolOptions {
  /**
   * How many processes to keep waiting.
   * @default 0
   */
  ahead?: number | undefined
  /**
   * How many jobs will come: no more processes are started ahead of time than that.
   * @default Infinity
   */
  jobs?: number | undefined
  /** Folder where compiled code is kept from process to process: most of a replay's real time is loading the agent. */
  cacheDir?: string | undefined
}

/**
 * Keeps replay processes ready: starting Node and loading the harness takes longer than most replays. Each process serves
 * one job and ends.
 */
export function createReplayPool(options: ReplayPoolOptions = {}): ReplayPool {
  const { ahead = 0, jobs = Number.POSITIVE_INFINITY, cacheDir } = options
  const waiting: Worker[] = []
  const running = new Set<Worker>()
  let closed = false
  let started = 0
  const start = (settings: StartSettings): Worker => {
    started++
    return new Worker(settings, cacheDir)
  }
  const refill = (settings: StartSettings): void => {
    while (!closed && waiting.length < ahead && started < jobs) waiting.push(start(settings))
  }
  const take = (settings: StartSettings): Worker => {
    const at = waiting.findIndex((worker) => worker.isAlive && isSame(worker.settings, settings))
    if (at !== -1) return waiting.splice(at, 1)[0] as Worker
    // Nobody may ask for the one that waited longest again.
    waiting.shift()?.kill()
    return start(settings)
  }
  // An agent in an endless loop does not notice that its parent is gone.
  const killAll = (): void => {
    for (const worker of [...waiting.splice(0), ...running]) worker.kill()
  }
  process.once('exit', killAll)
  refill({ locale: DEFAULT_LOCALE, maxMemoryMb: DEFAULT_MAX_MEMORY_MB })
  return {
    async replay(job, maxRealMs, maxMemoryMb = DEFAULT_MAX_MEMORY_MB) {
      const settings = { locale: localeOf(job.env), maxMemoryMb }
      const worker = take(settings)
      running.add(worker)
      const result = worker.run(job, maxRealMs).finally(() => running.delete(worker))
      // The next one starts while this one runs, once it has had its head start.
      await worker.ready
      refill(settings)
      return result
    },
    close() {
      closed = true
      for (const worker of waiting.splice(0)) worker.kill()
      if (running.size === 0) process.off('exit', killAll)
    },
  }
}

/** What a process gets when it starts, so that no job can set it any more. */
interface StartSettings {
  locale: string
  maxMemoryMb: number
}

function isSame(a: StartSettings, b: StartSettings): boolean {
  return a.locale === b.locale && a.maxMemoryMb === b.maxMemoryMb
}

/** What Node takes where nothing names a locale. */
const DEFAULT_LOCALE = 'en-US'

/** The locale that Node would take from an environment. */
function localeOf({ LC_ALL, LC_MESSAGES, LANG }: Record<string, string>): string {
  return LC_ALL || LC_MESSAGES || LANG || DEFAULT_LOCALE
}

class Worker {
  readonly settings: StartSettings
  readonly #child: ChildProcess
  readonly ready: Promise<void>
  readonly #exited: Promise<string>
  readonly #messages: ReplayMessage[] = []
  #printed = ''
  #isPrinting = true
  /** The end of what came by the error stream: not even the agent's own output may push the engine's last words out. */
  #errors = ''

  constructor(settings: StartSettings, cacheDir: string | undefined) {
    this.settings = settings
    this.#child = fork(ENTRY, [], {
      execArgv: [...QUIET, ...SAMPLED, `--max-old-space-size=${settings.maxMemoryMb}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      env: { ...bareEnvironment(cacheDir), LC_ALL: settings.locale },
    })
    const keep = (chunk: Buffer): void => {
      if (!this.#isPrinting) return
      this.#printed = (this.#printed + chunk.toString('utf8')).slice(-OUTPUT_KEPT)
    }
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('utf8')).slice(-OUTPUT_KEPT)
    })
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(`its process could not be started: ${error.message}`))
      this.#child.once('close', (code, signal) => resolve(this.#explainExit(code, signal)))
    })
    this.ready = new Promise((resolve) => {
      this.#child.on('message', (message: ReplayMessage) => {
        if (message.type === 'ready') resolve()
        else this.#messages.push(message)
      })
      void this.#exited.then(() => resolve())
    })
    // A waiting process must not keep its parent alive.
    this.#child.unref()
    this.#child.channel?.unref()
  }

  /** False for one that was killed while it waited. */
  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  #explainExit(code: number | null, signal: NodeJS.Signals | null): string {
    if (code !== 0 && OUT_OF_MEMORY.test(this.#errors)) {
      this.#printed = this.#printed.replace(OUT_OF_MEMORY, '\n')
      return `it used up its budget of ${this.settings.maxMemoryMb} MB of memory. Find what it keeps, or raise \`replay.max_memory_mb\` in the scenario`
    }
    return signal === null
      ? `the agent ended its process with exit code ${code}`
      : `its process was killed by ${signal}`
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async run(job: ReplayJob, maxRealMs: number): Promise<ReplayResult> {
    this.#child.ref()
    this.#child.channel?.ref()
    await this.ready
    const began = performance.now()
    let late: string | null = null
    const budget = setTimeout(async () => {
      late = `the replay did not end within ${maxRealMs} ms of real time`
      // What the inspector prints is not the agent's.
      this.#isPrinting = false
      const place = await sampleStack(this.#child)
      late += place === null ? ': none of its code was seen to run' : `: it was running ${place}`
      this.kill()
    }, maxRealMs)
    // What an earlier replay left there is not this one's.
    for (const path of recordingsOf(job.out)) rmSync(path, { force: true })
    this.#child.send(job, doNothing)
    const how = await this.#exited
    clearTimeout(budget)
    const done = this.#messages.find((message) => message.type === 'done')
    return {
      end: done?.end ?? (late !== null ? { outcome: 'hung', failure: late } : { outcome: 'crashed', failure: how }),
      divergences: this.#messages.flatMap((message) => (message.type === 'divergence' ? [message.divergence] : [])),
      egress: this.#messages.flatMap((message) => (message.type === 'egress' ? [message.attempt] : [])),
      recording: recordingsOf(job.out).find((path) => existsSync(path)) ?? null,
      output: this.#printed,
      virtual_ms: done?.virtual_ms ?? 0,
      real_ms: performance.now() - began,
    }
  }
}

/** Where a replay leaves its recording: whole, or as far as it came. */
function recordingsOf(out: string): string[] {
  return [out, `${out}.part`]
}

/**
 * Enough to start Node; the agent's own environment comes with the job. One thread for real work: what is asked for first is
 * done first, and a request that is back proves that all before it is done.
 */
function bareEnvironment(cacheDir: string | undefined): NodeJS.ProcessEnv {
  const { PATH, HOME, SystemRoot, TMPDIR, TEMP } = process.env
  const machine = { PATH, HOME, SystemRoot, TMPDIR, TEMP }
  return {
    ...machine,
    UV_THREADPOOL_SIZE: '1',
    UV_USE_IO_URING: '0',
    ...(cacheDir !== undefined && { NODE_COMPILE_CACHE: cacheDir }),
  }
}
