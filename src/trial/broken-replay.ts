import { isRetrialError } from '../core/errors.ts'
import type { Recording } from '../model/recording.ts'
import { gradeReplay } from './grade-replay.ts'
import { explainFailure, type TrialReplay } from './run-replay.ts'

/** What a replay is that could not be run at all. */
export function brokenReplay(recording: Recording, error: unknown): TrialReplay {
  const failure = error instanceof Error ? error.message : String(error)
  const { hint, code } = isRetrialError(error) ? error : {}
  const end = { outcome: 'harness_error' as const, failure: explainFailure({ failure, hint, code }) }
  return {
    run: {
      trace: null,
      signals: null,
      evidence: gradeReplay([], recording),
      divergences: [],
      egress: [],
      outcome: 'harness_error',
      failure: end.failure,
      agent_error: null,
      integrity: recording.integrity,
      lossy: [],
      assumptions: [],
    },
    result: {
      end,
      divergences: [],
      egress: [],
      sources: [],
      recording: null,
      output: '',
      virtual_ms: 0,
      real_ms: 0,
      draws: true,
      left: [],
      isolation: [],
    },
    interactions: [],
    replayed: null,
    hints: [],
    cwd: process.cwd(),
    counted: [],
  }
}
