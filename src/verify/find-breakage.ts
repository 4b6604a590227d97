import { isRetrialError } from '../core/errors.ts'
import type { JsonValue } from '../core/json.ts'
import type { ErrorShape } from '../model/run.ts'
import { createReason, type VerifyReason } from './reason-codes.ts'
import type { TrialRun } from './trial-run.ts'

/**
 * Says what broke in a run, if anything: the harness, or the agent's process. A process that died or hung after the replay had
 * refused it something is not broken; the refusal explains it, and weakens the run instead.
 */
export function findBreakage(run: TrialRun): VerifyReason | null {
  const failure = run.failure === undefined ? '' : `: ${run.failure}`
  switch (run.outcome) {
    case 'harness_error':
      return createReason('harness_error', `the harness broke${failure}`)
    case 'crashed':
      if (wasRefused(run)) return null
      return createReason('agent_crashed', `the agent's process died${failure}`)
    case 'not_loaded':
      return createReason('agent_not_loaded', run.failure ?? 'the agent cannot be loaded')
    case 'hung':
      if (wasRefused(run)) return null
      return createReason('agent_hung', `the agent came to no end${failure}`)
    case 'finished':
    case 'diverged':
    case 'timeout':
    case 'deadlock':
      if (run.outcome !== 'finished' || (run.trace !== null && run.signals !== null)) return null
      return createReason('harness_error', 'the harness broke: a finished run left no trace')
  }
  // Not reachable for a caller that types check; anything unknown is a defect of the harness.
  return createReason('harness_error', `the harness broke: unknown outcome ${String(run.outcome)}`)
}

/** The reason for a run whose agent threw. */
export function describeThrow(error: ErrorShape): VerifyReason {
  return createReason('agent_threw', `the agent threw ${error.name}: ${error.message}`, {
    name: error.name,
    message: error.message,
    ...(error.code === undefined ? {} : { code: error.code }),
  })
}

/** The reason for a judgement that could not be made, because evaluating a role or an expectation threw. */
export function describeJudgeFailure(error: unknown): VerifyReason {
  const message = error instanceof Error ? error.message : String(error)
  const data: JsonValue = isRetrialError(error)
    ? { code: error.code, hint: error.hint ?? null }
    : { code: null, hint: null }
  return createReason('judge_failed', `the run could not be judged: ${message}`, data)
}

function wasRefused(run: TrialRun): boolean {
  return run.divergences.length > 0 || run.egress.length > 0
}
