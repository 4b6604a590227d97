import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { doNothing } from '../core/nothing.ts'
import type { Divergence, EgressAttempt } from '../model/verdict.ts'
import { watchOverOrphans } from './orphan-watch.ts'
import { GO_FD, type ReplayEnd, type ReplayJob, type ReplayMessage } from './protocol.ts'
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

const ENTRY = fileURLToPath(
  new URL(`./replay-process.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
)
const OUTPUT_KEPT = 16_384
/** What the engine prints when no room is left: figures of its heap first, then that it is out of memory, and a stack of its own. */
const OUT_OF_MEMORY = /\s*<--- Last few GCs --->[\s\S]*JavaScript heap out of memory[\s\S]*$/
const QUIET = ['--disable-warning=ExperimentalWarning', '--no-deprecation']

/** What a process gets when it starts, so that no job can set it any more. */
export interface StartSettings {
  locale: string
  maxMemoryMb: number
}

/** One replay process, from its start to its end: it waits, it may prepare a job, it runs one. */
export class ReplayWorker {
  readonly settings: StartSettings
  readonly #child: ChildProcess
  readonly ready: Promise<void>
  readonly #exited: Promise<string>
  /** Whether it came to rest; null when it ended before that. */
  readonly #prepared: Promise<boolean | null>
  /** The job that was given to it ahead of time. */
  #ahead: ReplayJob | null = null
  readonly #messages: ReplayMessage[] = []
  #printed = ''
  #isPrinting = true
  /** The end of what came by the error stream: not even the agent's own output may push the engine's last words out. */
  #errors = ''

  constructor(settings: StartSettings, cacheDir: string | undefined) {
    this.settings = settings
    this.#child = fork(ENTRY, [], {
      execArgv: [...QUIET, ...SAMPLED, `--max-old-space-size=${settings.maxMemoryMb}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
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
    const prepared = Promise.withResolvers<boolean | null>()
    this.#prepared = prepared.promise
    this.ready = new Promise((resolve) => {
      this.#child.on('message', (message: ReplayMessage) => {
        if (message.type === 'ready') resolve()
        else if (message.type === 'prepared') prepared.resolve(message.at_rest)
        else this.#messages.push(message)
      })
      void this.#exited.then(() => {
        resolve()
        prepared.resolve(null)
      })
    })
    watchOverOrphans(this.#child)
    this.#goLine.on('error', doNothing)
    // A waiting process must not keep its parent alive.
    this.#child.unref()
    this.#child.channel?.unref()
    for (const line of this.#lines) line.unref()
  }

  get #lines(): Socket[] {
    return this.#child.stdio.filter((line) => line instanceof Socket)
  }

  get #goLine(): Socket {
    return this.#child.stdio[GO_FD] as Socket
  }

  /** False for one that was killed while it waited. */
  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Whether it waits without a job. */
  get isFree(): boolean {
    return this.isAlive && this.#ahead === null
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

  /** Ends it before its run: nobody will ask for what it has begun to write. */
  discard(): void {
    this.kill()
    if (this.#ahead !== null) removeRecordings(this.#ahead)
  }

  /** Gives it its job ahead of time. What does not come to rest within its budget is given up. */
  prepare(job: ReplayJob, maxRealMs: number): void {
    this.#ahead = job
    removeRecordings(job)
    this.#child.send(job, doNothing)
    const budget = setTimeout(() => this.discard(), maxRealMs).unref()
    void this.#prepared.then(() => clearTimeout(budget))
  }

  /** Runs the job; null when it was given ahead of time and the process is in no state to run it. */
  async run(job: ReplayJob, maxRealMs: number): Promise<ReplayResult | null> {
    this.#child.ref()
    this.#child.channel?.ref()
    for (const line of this.#lines) line.ref()
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
    if (this.#ahead === null) {
      // What an earlier replay left there is not this one's.
      removeRecordings(job)
      this.#child.send(job, doNothing)
    }
    const atRest = await this.#prepared
    const isFit = this.#ahead === null || atRest === true || late !== null
    if (isFit) this.#goLine.write('go')
    else this.kill()
    const how = await this.#exited
    clearTimeout(budget)
    // One that was killed while it waited has run nothing.
    const hasBegun = this.#messages.some((message) => message.type === 'begun')
    if (this.#ahead !== null && late === null && !hasBegun) return null
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

function removeRecordings({ out }: ReplayJob): void {
  for (const path of recordingsOf(out)) rmSync(path, { force: true })
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
