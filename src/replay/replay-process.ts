/**
 * The process of one replay. Started ahead of time and waiting; it takes one job, turns itself into the world of that
 * recording, loads the agent, runs it when it is told to, and ends. It is never used twice: nothing of one trial reaches the next.
 */
import { fstat } from 'node:fs'
import { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { armServing } from '../boundary/arm.ts'
import { createSourceWatch } from '../boundary/sources.ts'
import { runInContext, setAmbientTape } from '../boundary/tape.ts'
import { leaveOutTelemetry, noteTelemetry } from '../boundary/telemetry.ts'
import { installChance } from '../boundary/world/chance.ts'
import { roundMs } from '../core/clock.ts'
import { doNothing } from '../core/nothing.ts'
import type { Recording } from '../model/recording.ts'
import { statedStopReason } from '../model/stop-reason.ts'
import type { RecordingWriter } from '../recording/create-recording-writer.ts'
import { DrawLog } from '../recording/draw-log.ts'
import { readRecording } from '../recording/read-recording.ts'
import { createRedactor } from '../recording/redact/create-redactor.ts'
import { type AgentRun, driveToEnd, harnessError } from './drive-to-end.ts'
import { endReplay, type ProcessExit } from './end-replay.ts'
import { networkOfThisProcess } from './isolation/sandbox.ts'
import { loadAgent } from './load-agent.ts'
import { openReplayWriter } from './open-replay-writer.ts'
import { openSupplements } from './open-supplements.ts'
import { describeOrders } from './order/resolve-order.ts'
import { type FurnishedJob, GO_FD, type ReplayDone, type ReplayJob, type ReplayMessage } from './protocol.ts'
import { ReplayTape } from './replay-tape.ts'
import { type FreshDraws, reportStandIns, reportUnserved, reportUnwrapped, watchFreshDraws } from './report-sources.ts'
import { FLUSH } from './sample-stack.ts'
import { giveWorld } from './worlds/give-world.ts'

// Taken before any agent can replace them.
const send = process.send?.bind(process)
const exit = process.exit.bind(process)
const { write } = Writable.prototype
const printed = [process.stdout, process.stderr]
const startTimer = setTimeout

/** How long the process waits for what the agent printed to be read, ms. */
const MAX_FLUSH_MS = 10_000

// The thread pool gets its size, one, at its first use, from the environment that is about to be the agent's.
fstat(0, doNothing)

const go = listenForGo()

/** A message would reach the listeners of an agent that is loaded by then. */
function listenForGo(): Promise<void> {
  const line = new Socket({ fd: GO_FD, readable: true, writable: false })
  line.on('error', doNothing)
  return new Promise((resolve) => line.once('data', () => resolve()).unref())
}

function tell(message: ReplayMessage, then?: () => void): void {
  send?.(message, undefined, undefined, then && (() => then()))
}

process.once('message', (job: FurnishedJob) => {
  replay(job).then(
    (done) => tell({ type: 'done', ...done }, leave),
    (error: unknown) => tell({ type: 'done', end: harnessError(error), virtual_ms: 0, draws: true, left: [] }, leave),
  )
})
/** Ends the process once all that the agent printed has left it. */
function leave(): void {
  let open = printed.length
  const onWritten = (): void => {
    if (--open === 0) exit(0)
  }
  for (const stream of printed) write.call(stream, '', 'utf8', onWritten)
  // A parent that does not read must not keep it.
  startTimer(() => exit(0), MAX_FLUSH_MS)
}

// A parent that is gone needs no answer.
process.once('disconnect', () => exit(1))
tell({ type: 'ready', pid: process.pid, permission: hasPermissionModel(), network: networkOfThisProcess() })

async function replay(job: FurnishedJob): Promise<ReplayDone> {
  const recording = await readRecording(job.recording, { mode: job.mode })
  const supplements = await openSupplements(job)
  const given = giveWorld(recording, job)
  const { orders } = given
  const started = job.started_at ?? recording.run.started_at
  enterEnvironment(job)
  const redactor = recording.redaction === null ? null : createRedactor({ salt: recording.redaction.salt, env: {} })
  const writer = openReplayWriter(job, recording, redactor)
  const exit = keepFlushing(writer)
  noteWorld(writer, job, orders)
  const sources = createSourceWatch((sight) => tell({ type: 'source', sight }))
  const fresh = watchFreshDraws(sources)
  reportUnserved(sources)
  const world = armServing(started, (attempt) => tell({ type: 'egress', attempt }), {
    clock: job.clock,
    writable: [job.scratch],
    addons: job.isolation?.addons,
    sources,
  })
  const draws = new DrawLog(recording.chance?.scope ?? 'run')
  const hasDrawn = takeChances(job, recording, draws, fresh)
  const diverged = { inRun: 0, late: 0 }
  const run: AgentRun = { settled: null, uncaught: null }
  const tape = new ReplayTape({
    recording,
    given: given.recording === recording ? undefined : given.recording,
    input: [job.input, job.params ?? null],
    clock: world.clock,
    writer,
    draws,
    redactor,
    volatile: job.volatile,
    counted: job.counted,
    on_divergence: job.on_divergence,
    inside: job.inside,
    onStandIn: reportStandIns(sources),
    onUnwrapped: reportUnwrapped(sources),
    shift_ms: started - recording.run.started_at,
    known: { began: [recording.run.started_at, started], isDrawn: fresh.isDrawn },
    supplements,
    traced: job.traced ?? job.clock === 'real',
    onDivergence: (divergence) => {
      const when = run.settled === null ? 'inRun' : 'late'
      if (divergence.grade === 'none') diverged[when]++
      tell({ type: 'divergence', divergence: { ...divergence, ...(when === 'late' && { late: true }) } })
    },
  })
  const onTelemetry = noteTelemetry((code, message, data) => {
    writer.note({ at_ms: roundMs(world.clock.offset), code, message, data })
  })
  leaveOutTelemetry(tape, onTelemetry)
  setAmbientTape(tape)
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  startAgent(run, job, tape, begun)
  tell({ type: 'prepared', at_rest: await world.rest() })
  await go
  tell({ type: 'begun' })
  // On the machine's clock the process shows that nothing can happen any more by having nothing more to do.
  if (job.clock === 'real') process.channel?.unref()
  begin()
  const end = await driveToEnd(world, tape, run, () => diverged.inRun > 0, job.max_virtual_ms)
  return endReplay(end, { job, world, tape, writer, run, diverged, exit, hasDrawn })
}

/** Says in the replay's recording how its world differs from the recorded one. */
function noteWorld(writer: RecordingWriter, { latency }: ReplayJob, orders: string[][]): void {
  if (orders.length > 0) writer.note({ at_ms: 0, code: 'reordered', message: describeOrders(orders), data: { orders } })
  if (latency === undefined) return
  const message = `every answer takes ${latency} times as long`
  writer.note({ at_ms: 0, code: 'latency_scaled', message, data: { latency } })
}

/** Puts chance under control; tells whether any was taken. */
function takeChances(
  { seed }: ReplayJob,
  { run, chance }: Recording,
  draws: DrawLog,
  { onFresh }: FreshDraws,
): () => boolean {
  let hasDrawn = chance !== undefined
  const onChance = (): void => {
    hasDrawn = true
  }
  installChance(
    seed === undefined
      ? { seed: run.run_id, recorded: chance, draws, onChance, onFresh }
      : { seed, recorded: undefined, draws, onChance },
  )
  return () => hasDrawn
}

/** Whatever ends the process: what is kept in memory of the recording gets into the file before. */
function keepFlushing(writer: RecordingWriter): ProcessExit {
  const exit: ProcessExit = { onSuccess: doNothing }
  process.once('exit', (code) => {
    if (code === 0) exit.onSuccess((done) => tell({ type: 'done', ...done }))
    writer.flush()
  })
  Object.defineProperty(globalThis, Symbol.for(FLUSH), { value: () => writer.flush() })
  return exit
}

/** Whether Node's permission model is on, and forbids. */
function hasPermissionModel(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } }
  return permission !== undefined && !permission.has('child') && !permission.has('fs.write')
}

function enterEnvironment(job: ReplayJob): void {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, job.env)
  process.chdir(job.cwd)
  // `argv` keeps naming this file: a module that runs itself when it is the one that was started would run twice.
  process.execArgv = []
  // The line to the parent is the harness's.
  delete process.send
}

/** Loads the agent, and runs it once the run has `begun`. */
function startAgent(run: AgentRun, job: ReplayJob, tape: ReplayTape, begun: Promise<void>): void {
  const onUncaught = (error: unknown): void => {
    run.uncaught ??= { error }
  }
  process.on('uncaughtException', onUncaught)
  process.on('unhandledRejection', onUncaught)
  callAgent(job, tape, begun).then(
    (output) => {
      run.settled = settle(output)
    },
    (error: unknown) => {
      run.settled = { output: null, error, threw: true }
    },
  )
}

/** An error that is returned is an end as if it were thrown, and so is an output that throws where it is asked how the run ended. */
function settle(output: unknown): AgentRun['settled'] {
  try {
    if (output instanceof Error) return { output, error: output, threw: true }
    statedStopReason(output)
    return { output, error: null, threw: false }
  } catch (error) {
    return { output: null, error, threw: true }
  }
}

async function callAgent(job: ReplayJob, tape: ReplayTape, begun: Promise<void>): Promise<unknown> {
  const agent = await loadAgent(job.agent)
  const input = structuredClone(job.input)
  const args = job.params === undefined ? [input] : [input, structuredClone(job.params)]
  await begun
  // What the agent does while it is loaded is no part of its run, though its calls are answered all the same.
  return await runInContext({ tape }, () => agent(...args))
}
