import type { Divergence } from '../model/verdict.ts'
import type { CanonicalCall } from './canonical-call.ts'
import { isOtherModel } from './classify-difference.ts'
import { type DescribedDifference, describeDifference, describeTargets } from './describe-difference.ts'
import type { EvidenceEntry, EvidenceIndex } from './evidence-index.ts'
import { findNearest } from './find-nearest.ts'
import type { RunKnowledge } from './generated-values.ts'
import { listRemedies } from './remedies.ts'
import type { Renaming } from './renaming.ts'

interface Asked {
  step: number
  /** When it was asked, ms since the start of the run. */
  at_ms: number
  interaction: string
  call: CanonicalCall
  /** `llm_generate gpt-4o`, for people. */
  summary: string
  /** What is known of the two runs. */
  known: RunKnowledge
}

/** A divergence and the recorded call it was measured against. */
export interface FoundDivergence {
  divergence: Divergence
  nearest: EvidenceEntry | null
}

/** Says what was asked that the recording does not hold, what is closest to it, where they differ and what can be done. */
export function describeDivergence(
  asked: Asked,
  index: EvidenceIndex,
  renaming: Renaming,
  grade: 'stale' | 'none',
): FoundDivergence {
  const { call } = asked
  const nearest = findNearest(call, index.entries)
  const exhausted = index.isExhausted(call, renaming, asked.at_ms)
  const { difference, kind } = compare(asked, nearest, exhausted, index)
  const { summary } = asked
  return {
    nearest,
    divergence: {
      step: asked.step,
      interaction: asked.interaction,
      request: asked.call.target,
      summary,
      grade,
      nearest: nearest && { interaction: nearest.interaction.id, step: nearest.step, used: nearest.used },
      difference,
      kind,
      remedies: listRemedies({ kind, difference, summary, request: call.target }).map(({ text }) => text),
    },
  }
}

function compare(
  { call, known }: Asked,
  nearest: EvidenceEntry | null,
  exhausted: boolean,
  { ignore }: EvidenceIndex,
): DescribedDifference {
  if (exhausted) return { difference: null, kind: 'exhausted' }
  if (nearest === null) return { difference: null, kind: 'new_request' }
  const recorded = nearest.call
  if (recorded.target !== call.target) {
    const kind = isOtherModel(recorded.target, call.target) ? 'model_changed' : 'new_request'
    return { difference: describeTargets(recorded.target, call.target), kind }
  }
  // What is ignored is not what keeps the two apart.
  return describeDifference(ignore(recorded.content), ignore(call.content), known)
}
