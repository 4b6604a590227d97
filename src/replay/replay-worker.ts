import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { doNothing } from '../core/nothing.ts'
import type { Divergence, EgressAttempt, SetTimer, Wall } from '../model/verdict.ts'
import { networkOfThisProcess } from './isolation/sandbox.ts'
import { startProcess } from './isolation/start-process.ts'
import type { StartSettings } from './isolation/start-settings.ts'
import type { WriteFolders } from './isolation/write-folders.ts'
import { joinSights, type ObservedSource } from './observed-source.ts'
import { watchOverOrphans } from './orphan-watch.ts'
import { type FurnishedJob, GO_FD, type ReplayEnd, type ReplayJob, type ReplayMessage } from './protocol.ts'
import { sampleStack } from './sample-stack.ts'

/** What came of one replay. */
export interface ReplayResult {
  end: ReplayEnd | { outcome: 'hung' | 'crashed'; failure: string; agent_error?: undefined }
  divergences: Divergence[]
  /** Counted here, out of the agent's reach. */
  egress: EgressAttempt[]
  /** What the agent looked at that no recording holds. */
  sources: ObservedSource[]
  /** The replay's own recording; null when none was written. */
  recording: string | null
  /** The end of what the agent printed. */
  output: string
  virtual_ms: number
  real_ms: number
  /** What the agent has set and left going when its process was no longer watched. */
  left: SetTimer[]
  /** Whether anything was drawn at random, so that another seed would be another world. */
  draws: boolean
  /** What kept it from the outside world, as far as that was seen to hold. */
  isolation: Wall[]
}

const OUTPUT_KEPT = 16_384
/** What the engine prints when no room is left: figures of its heap first, then that it is out of memory, and a stack of its own. */
const OUT_OF_MEMORY = /\s*<--- Last few GCs --->[\s\S]*JavaScript heap out of memory[\s\S]*$/

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
  readonly #folders: WriteFolders
  /** Where it writes its recording, which nobody else may touch. */
  readonly #slot: string
  /** The scratch folder that was taken for its job. */
  #scratch: string | null = null
  #isolation: Wall[] = []
  #pid: number | undefined
  readonly #messages: ReplayMessage[] = []
  #printed = ''
  #isPrinting = true
  /** The end of what came by the error stream: not even the agent's own output may push the engine's last words out. */
  #errors = ''

  constructor(settings: StartSettings, folders: WriteFolders) {
    this.settings = settings
    this.#folders = folders
    this.#slot = folders.makeSlot()
    if (settings.scratch !== null) mkdirSync(settings.scratch, { recursive: true })
    this.#child = startProcess(settings, {
      writable: [this.#slot, settings.scratch ?? folders.scratch],
      cacheDir: folders.cache,
    })
    this.#pid = this.#child.pid
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
        if (message.type === 'ready') {
          this.#pid = message.pid
          this.#isolation = wallsOf(message, settings)
          resolve()
        } else if (message.type === 'prepared') prepared.resolve(message.at_rest)
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
    if (this.#isolation.length === 0 && signal === null) {
      return `its process could not be started: ${this.#printed.trim()}`
    }
    const killed = signal ?? (this.#isolation.includes('bubblewrap') ? signalOf(code) : null)
    return killed === null
      ? `the agent ended its process with exit code ${code}`
      : `its process was killed by ${killed}`
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Ends it before its run: nobody will ask for what it has begun to write. */
  discard(): void {
    this.kill()
    this.#release()
  }

  #release(): void {
    this.#folders.release(this.#slot)
    if (this.#scratch !== null) this.#folders.release(this.#scratch)
  }

  /** Gives the process its job, with places of its own to write to. */
  #send(job: ReplayJob): void {
    // What an earlier replay left there is not this one's.
    removeRecordings(job.out)
    if (this.settings.scratch === null) this.#scratch = this.#folders.takeScratch(job.label ?? 'replay')
    const scratch = this.settings.scratch ?? (this.#scratch as string)
    const env = { TMPDIR: scratch, TEMP: scratch, TMP: scratch, ...job.env }
    const furnished: FurnishedJob = { ...job, env, scratch, written: this.#written }
    this.#child.send(furnished, doNothing)
  }

  get #written(): string {
    return join(this.#slot, 'replay.jsonl')
  }

  /** Gives it its job ahead of time. What does not come to rest within its budget is given up. */
  prepare(job: ReplayJob, maxRealMs: number): void {
    this.#ahead = job
    this.#send(job)
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
    let sampling: Promise<void> | null = null
    const sample = async (): Promise<void> => {
      late = `the replay did not end within ${maxRealMs} ms of real time`
      // What the inspector prints is not the agent's.
      this.#isPrinting = false
      const place = await sampleStack(this.#child, this.#pid, this.settings.permission)
      late += place === null ? ': none of its code was seen to run' : `: it was running ${place}`
      this.kill()
    }
    const budget = setTimeout(() => {
      sampling = sample()
    }, maxRealMs)
    if (this.#ahead === null) this.#send(job)
    const atRest = await this.#prepared
    const isFit = this.#ahead === null || atRest === true || late !== null
    if (isFit) this.#goLine.write('go')
    else this.kill()
    const how = await this.#exited
    clearTimeout(budget)
    // A process may end by being asked where it is.
    await sampling
    // One that was killed while it waited has run nothing.
    const hasBegun = this.#messages.some((message) => message.type === 'begun')
    const isRun = this.#ahead === null || late !== null || hasBegun
    const recording = isRun ? moveRecording(this.#written, job.out) : null
    this.#release()
    if (!isRun) return null
    const done = this.#messages.find((message) => message.type === 'done')
    return {
      end: done?.end ?? (late !== null ? { outcome: 'hung', failure: late } : { outcome: 'crashed', failure: how }),
      divergences: this.#messages.flatMap((message) => (message.type === 'divergence' ? [message.divergence] : [])),
      egress: this.#messages.flatMap((message) => (message.type === 'egress' ? [message.attempt] : [])),
      sources: joinSights(this.#messages.flatMap((message) => (message.type === 'source' ? [message.sight] : []))),
      recording,
      output: this.#printed,
      virtual_ms: done?.virtual_ms ?? 0,
      draws: done?.draws ?? true,
      left: done?.left ?? [],
      real_ms: performance.now() - began,
      isolation: this.#isolation,
    }
  }
}

function removeRecordings(out: string): void {
  for (const path of recordingsOf(out)) rmSync(path, { force: true })
}

/** Where a replay leaves its recording: whole, or as far as it came. */
function recordingsOf(out: string): string[] {
  return [out, `${out}.part`]
}

/** A sandbox in between tells of a signal as shells do. */
function signalOf(code: number | null): string | null {
  const found = Object.entries(constants.signals).find(([, number]) => number + 128 === code)
  return found === undefined ? null : found[0]
}

/** Takes a recording out of the folder in which it was written; null when there is none. */
function moveRecording(from: string, to: string): string | null {
  const [at, part] = recordingsOf(from).map((path) => existsSync(path))
  if (!at && !part) return null
  const [source = from, target = to] = at ? [from, to] : [recordingsOf(from)[1], recordingsOf(to)[1]]
  mkdirSync(dirname(target), { recursive: true })
  renameSync(source, target)
  return target
}

/** Only what the process itself was seen to have: a flag that was given is no wall yet. */
function wallsOf(message: ReplayMessage & { type: 'ready' }, { sandbox, permission }: StartSettings): Wall[] {
  const outside = networkOfThisProcess()
  const isApart = message.network !== null && outside !== null && message.network !== outside
  return [
    'guard',
    ...(permission && message.permission ? (['permission'] as const) : []),
    ...(sandbox !== null && isApart ? [sandbox.kind] : []),
  ]
}
