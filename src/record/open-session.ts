import { basename, dirname } from 'node:path'
import { armObserving } from '../boundary/arm.ts'
import { describeError } from '../boundary/network-error.ts'
import { leaveOutTelemetry, noteTelemetry } from '../boundary/telemetry.ts'
import { machineClock, roundMs } from '../core/clock.ts'
import { createRunId, createTraceId } from '../core/ids.ts'
import { deriveStopReason } from '../model/stop-reason.ts'
import { createRecordingWriter } from '../recording/create-recording-writer.ts'
import type { DrawLog } from '../recording/draw-log.ts'
import { pinRecording } from '../recording/lock-file.ts'
import { createRedactor } from '../recording/redact/create-redactor.ts'
import { describeRuntime } from './describe-runtime.ts'
import { loadSalt } from './load-salt.ts'
import { RecorderTape } from './recorder-tape.ts'

/** What a run is, and where its recording goes. */
export interface RecordContext {
  /**
   * The file to write.
   * @default `recordings/<run_id>.jsonl`
   */
  out?: string | undefined
  /** @default a random one */
  run_id?: string | undefined
  /** @default a random one */
  trace_id?: string | undefined
  release?: string | undefined
  workflow?: string | undefined
  /** Name of the agent. */
  agent?: string | undefined
  /** `path/to/module.ts#export`, relative to the recording: lets a replay find the agent. */
  agent_ref?: string | undefined
  /** What the agent is called with: a replay calls it with the same. */
  input?: unknown
  /**
   * Whether a recording that is already there may be replaced.
   * @default false
   */
  overwrite?: boolean | undefined
  /** Names of environment variables to keep, besides the usual ones (`*_URL`, `*_MODEL`, …). Never secrets. */
  env?: readonly string[] | undefined
}

/** A recording under way. */
export interface RecordingSession {
  tape: RecorderTape
  path: string
  /** Ends the run and seals the recording; says what was lost, if anything. */
  finish(outcome: { output: unknown } | { error: unknown }): string | null
}

/**
 * Opens a recording and the doors of this process to it.
 *
 * @param startedAt Start of the run, ms since the epoch.
 * @param draws What was drawn before the recording was opened.
 * @throws ERR_RECORDING_EXISTS, ERR_RECORDING_UNWRITABLE, ERR_RECORD_SALT when the recording cannot be begun.
 */
export function openSession(context: RecordContext, startedAt = machineClock.now(), draws?: DrawLog): RecordingSession {
  const run_id = context.run_id ?? createRunId()
  const path = context.out ?? `recordings/${run_id}.jsonl`
  const redactor = createRedactor({ salt: loadSalt(dirname(path)), env: process.env })
  const started_at = roundMs(startedAt)
  const { release, workflow, agent, agent_ref } = context
  const writer = createRecordingWriter(
    path,
    {
      run: {
        run_id,
        trace_id: context.trace_id ?? createTraceId(),
        ...(release !== undefined && { release }),
        ...(workflow !== undefined && { workflow }),
        ...(agent !== undefined && { agent }),
        started_at,
      },
      input: context.input ?? null,
      ...(agent_ref !== undefined && { agent_ref }),
      runtime: describeRuntime(process.env, context.env ?? [], redactor, dirname(path)),
    },
    { redactor, overwrite: context.overwrite === true },
  )
  armObserving()
  const tape = new RecorderTape(writer, started_at, draws)
  tape.onLate = (call) => warnOfLate(path, redactor.text(call))
  const onTelemetry = noteTelemetry((code, message, data) => {
    writer.note({ at_ms: roundMs(machineClock.now() - started_at), code, message, data })
  })
  leaveOutTelemetry(tape, onTelemetry)
  return {
    tape,
    path,
    finish(outcome) {
      const output = 'error' in outcome ? null : outcome.output
      const threw = 'error' in outcome || output instanceof Error
      tape.finish()
      writer.finish({
        at_ms: roundMs(machineClock.now() - started_at),
        stop_reason: readStopReason(output, threw),
        output: output ?? null,
        error: threw ? describeError('error' in outcome ? outcome.error : output) : null,
      })
      writer.seal()
      if (writer.failure === null) pinQuietly(path)
      return writer.failure
    },
  }
}

/** An output may be anything, also something that cannot be read. */
function readStopReason(output: unknown, threw: boolean): string {
  try {
    return deriveStopReason(output, threw)
  } catch {
    return deriveStopReason(null, threw)
  }
}

let hasWarned = false

/** Once a process: the recording is sealed by then, and what is sealed is not written again. */
function warnOfLate(path: string, call: string): void {
  if (hasWarned) return
  hasWarned = true
  const message = `The recording ${basename(path)} ends with the output of the run, and does not hold what it asked after that: ${call}. Record its command instead, \`retrial record -- node …\`, or wait for it`
  process.emitWarning(message, { code: 'RETRIAL_LATE_CALL' })
}

/** A recording that could not be pinned is still a recording; `retrial verify` says that it is not pinned. */
function pinQuietly(path: string): void {
  try {
    pinRecording(path)
  } catch (error) {
    process.emitWarning(`${basename(path)} could not be pinned: ${String(error)}`, { code: 'RETRIAL_NOT_PINNED' })
  }
}
