import { isSame, type StartSettings, settingsOf } from './isolation/start-settings.ts'
import { createWriteFolders } from './isolation/write-folders.ts'
import type { ReplayJob } from './protocol.ts'
import { type ReplayResult, ReplayWorker } from './replay-worker.ts'

export interface ReplayPool {
  /**
   * Runs one job in a process of its own. Never rejects: whatever goes wrong is the result's `end`.
   *
   * @param maxRealMs After so long the process is killed.
   * @param maxMemoryMb With more JavaScript objects than that its engine ends it. Default: that of a scenario.
   */
  replay(job: ReplayJob, maxRealMs: number, maxMemoryMb?: number): Promise<ReplayResult>
  /**
   * Takes note of a job that is to be run soon: a process that waits builds its world and loads its agent meanwhile. Nothing
   * of the result is different for it, but that `real_ms` counts from the beginning of the run.
   */
  prepare(job: ReplayJob, maxRealMs: number, maxMemoryMb?: number): PreparedReplay
  /** Ends the processes that wait. */
  close(): void
}

export interface PreparedReplay {
  /** Runs the job, once. Never rejects, as `replay`. */
  run(): Promise<ReplayResult>
}

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
  /**
   * Folder for what replays write while they run: their recordings, and what their agents write.
   * @default one among the temporary files
   */
  workDir?: string | undefined
  /**
   * The isolation that most jobs will ask for.
   * @default that of a job that names none
   */
  isolation?: ReplayJob['isolation']
}

/** A job that was announced, and the process that prepares it. */
interface Ticket {
  job: ReplayJob
  maxRealMs: number
  settings: StartSettings
  worker: ReplayWorker | null
}

/** A process that waits and was started as it is needed; null when there is none. */
function takeFree(waiting: ReplayWorker[], settings: StartSettings): ReplayWorker | null {
  const free = waiting.find((worker) => worker.isFree && isSame(worker.settings, settings))
  if (free !== undefined) return drop(waiting, free)
  // Nobody may ask for the one that waited longest again.
  const unwanted = waiting.find((worker) => worker.isFree || !worker.isAlive)
  if (unwanted !== undefined) drop(waiting, unwanted).discard()
  return null
}

/**
 * Keeps replay processes ready: starting Node, loading the harness and loading the agent take longer than most replays. Each
 * process serves one job and ends. `docs/decisions/0016-prepared-processes.md` says why nothing of a verdict depends on that.
 */
export function createReplayPool(options: ReplayPoolOptions = {}): ReplayPool {
  const { ahead = 0, jobs = Number.POSITIVE_INFINITY } = options
  const folders = createWriteFolders(options)
  const waiting: ReplayWorker[] = []
  const running = new Set<ReplayWorker>()
  /** What is to be run and has no process yet, first come first served. */
  const announced: Ticket[] = []
  /** Agents whose loading comes to no rest: preparing them would be in vain. */
  const restless = new Set<string>()
  let closed = false
  let started = 0
  const start = (settings: StartSettings): ReplayWorker => {
    started++
    return new ReplayWorker(settings, folders)
  }
  const findFor = (worker: ReplayWorker): Ticket | undefined =>
    announced.find(({ job, settings }) => isSame(settings, worker.settings) && canBePrepared(job, restless))
  const assign = (worker: ReplayWorker): void => {
    const ticket = worker.isFree ? findFor(worker) : undefined
    if (ticket === undefined) return
    drop(announced, ticket)
    ticket.worker = worker
    worker.prepare(ticket.job, ticket.maxRealMs)
  }
  const refill = (settings: StartSettings): void => {
    for (const worker of waiting) assign(worker)
    while (!closed && waiting.length < ahead && started < jobs) {
      const worker = start(announced[0]?.settings ?? settings)
      waiting.push(worker)
      assign(worker)
    }
  }
  const runIn = async (worker: ReplayWorker, { job, maxRealMs, settings }: Ticket): Promise<ReplayResult | null> => {
    running.add(worker)
    const result = worker.run(job, maxRealMs).finally(() => running.delete(worker))
    // The next one starts while this one runs, once it has had its head start.
    await worker.ready
    refill(settings)
    return result
  }
  const run = async (ticket: Ticket): Promise<ReplayResult> => {
    const { worker, job, settings } = ticket
    drop(announced, ticket)
    if (worker !== null) {
      const result = await runIn(drop(waiting, worker), ticket)
      if (result !== null) return result
      restless.add(job.agent.module)
    }
    // A process that prepares nothing ahead of time always has a result.
    return (await runIn(takeFree(waiting, settings) ?? start(settings), ticket)) as ReplayResult
  }
  const runTraced = (ticket: Ticket): Promise<ReplayResult> => traceIfStuck(run, ticket)
  // An agent in an endless loop does not notice that its parent is gone.
  const killAll = (): void => {
    for (const worker of waiting.splice(0)) worker.discard()
    for (const worker of running) worker.kill()
    folders.close()
  }
  process.once('exit', killAll)
  refill(settingsOf({ env: {}, isolation: options.isolation }))
  return {
    replay: (job, maxRealMs, maxMemoryMb) => runTraced(createTicket(job, maxRealMs, maxMemoryMb)),
    prepare(job, maxRealMs, maxMemoryMb) {
      const ticket = createTicket(job, maxRealMs, maxMemoryMb)
      announced.push(ticket)
      refill(ticket.settings)
      return { run: () => runTraced(ticket) }
    },
    close() {
      closed = true
      for (const worker of waiting.splice(0)) worker.discard()
      if (running.size > 0) return
      process.off('exit', killAll)
      folders.close()
    },
  }
}

function createTicket(job: ReplayJob, maxRealMs: number, maxMemoryMb?: number): Ticket {
  return { job, maxRealMs, settings: settingsOf(job, maxMemoryMb), worker: null }
}

/** On the machine's clock, time passes between the loading of an agent and its run. */
function canBePrepared({ agent, clock }: ReplayJob, restless: ReadonlySet<string>): boolean {
  return clock !== 'real' && !restless.has(agent.module)
}

/** Runs one that came to no end again, to tell where in the agent's code its calls are made: it does the same again. */
async function traceIfStuck(run: (ticket: Ticket) => Promise<ReplayResult>, ticket: Ticket): Promise<ReplayResult> {
  const result = await run(ticket)
  const { job } = ticket
  if (!isStuck(result) || job.traced === true || job.clock === 'real') return result
  return run({ ...ticket, job: { ...job, traced: true }, worker: null })
}

function isStuck({ end }: ReplayResult): boolean {
  return end.outcome === 'deadlock' || end.outcome === 'timeout'
}

function drop<T>(list: T[], item: T): T {
  const at = list.indexOf(item)
  if (at !== -1) list.splice(at, 1)
  return item
}
