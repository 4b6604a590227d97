import type { ReplayWorld } from '../boundary/arm.ts'
import { RetrialError } from '../core/errors.ts'
import { doNothing } from '../core/nothing.ts'
import { deriveStopReason } from '../model/stop-reason.ts'
import type { SetTimer } from '../model/verdict.ts'
import type { RecordingWriter } from '../recording/create-recording-writer.ts'
import { encodeValue } from '../recording/encode-value.ts'
import { driveAfterEnd } from './drive-after-end.ts'
import { type AgentRun, crash } from './drive-to-end.ts'
import type { ReplayDone, ReplayEnd, ReplayJob } from './protocol.ts'
import type { ReplayTape } from './replay-tape.ts'

// Taken before any agent can replace it.
const { stringify } = JSON

/** After so many late questions that the recording does not hold, more say nothing more. */
const MOST_LATE = 20

/** Lets a process that ends with success say before how its replay came out. */
export interface ProcessExit {
  onSuccess(tell: (done: ReplayDone) => void): void
}

/** All of a replay that has to do with its end. */
interface EndingReplay {
  job: ReplayJob
  world: ReplayWorld
  tape: ReplayTape
  writer: RecordingWriter
  run: AgentRun
  /** Questions without an answer: to the agent's output, and after it. */
  diverged: { inRun: number; late: number }
  exit: ProcessExit
  hasDrawn(): boolean
}

/**
 * Brings a replay to its close: an agent that has given its output goes on for as long as its process would, and what it does then
 * is written down behind the end of the run.
 *
 * @param end How the run itself ended.
 * @throws ERR_REPLAY_NOT_WRITTEN when the replay's own recording could not be written.
 */
export async function endReplay(end: ReplayEnd, replay: EndingReplay): Promise<ReplayDone> {
  const { job, world, tape, writer, run, diverged, exit, hasDrawn } = replay
  const virtual_ms = world.clock.offset
  const close = (last: ReplayEnd, left: SetTimer[]): ReplayDone => {
    tape.finish()
    writeEnd(writer, last, world.clock.offset)
    if (writer.failure !== null)
      throw new RetrialError('ERR_REPLAY_NOT_WRITTEN', `Failed to write ${job.out}: ${writer.failure}`)
    return { end: last, virtual_ms, draws: hasDrawn(), left }
  }
  if (end.outcome !== 'finished') return close(end, [])
  tape.endRun()
  writeFinish(writer, run, end, virtual_ms)
  const last = (): ReplayEnd => {
    if (run.uncaught !== null) return crash(run.uncaught)
    return diverged.late > 0 ? { outcome: 'diverged' } : end
  }
  exit.onSuccess = (tell) => tell(close(last(), []))
  const isOver = (): boolean => run.uncaught !== null || diverged.late >= MOST_LATE
  const left = await driveAfterEnd(world, tape, job.clock ?? 'virtual', isOver)
  exit.onSuccess = doNothing
  return close(last(), left)
}

function writeFinish(
  writer: RecordingWriter,
  run: AgentRun,
  end: ReplayEnd & { outcome: 'finished' },
  at_ms: number,
): void {
  const output = run.settled?.output
  const threw = end.agent_error !== null
  const encoded = encodeValue(output)
  writer.finish({
    at_ms,
    stop_reason: deriveStopReason(output, threw),
    output: encoded.value,
    error: end.agent_error,
  })
}

/** Seals the recording. A run that did not end by itself has no finish; one that ended ill after its output has both. */
function writeEnd(writer: RecordingWriter, end: ReplayEnd, at_ms: number): void {
  if (end.outcome !== 'finished') writer.note({ at_ms, code: end.outcome, message: stringify(end).slice(0, 2_000) })
  writer.seal()
}
