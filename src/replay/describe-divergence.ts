import type { Divergence } from '../model/verdict.ts'
import type { CanonicalCall } from './canonical-call.ts'
import { classifyDifference, describeDifference, describeTargets } from './describe-difference.ts'
import type { EvidenceEntry, EvidenceIndex } from './evidence-index.ts'
import { findNearest } from './find-nearest.ts'
import type { Renaming } from './renaming.ts'

interface Asked {
  step: number
  /** When it was asked, ms since the start of the run. */
  at_ms: number
  interaction: string
  call: CanonicalCall
  /** `llm_generate gpt-4o`, for people. */
  summary: string
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
  const difference = nearest === null || exhausted ? null : compare(nearest.call, call, index)
  const kind = kindOf(call, nearest, exhausted, difference)
  return {
    nearest,
    divergence: {
      step: asked.step,
      interaction: asked.interaction,
      request: asked.call.target,
      summary: asked.summary,
      grade,
      nearest: nearest && { interaction: nearest.interaction.id, step: nearest.step, used: nearest.used },
      difference,
      kind,
      remedies: remediesFor(kind),
    },
  }
}

function compare(recorded: CanonicalCall, asked: CanonicalCall, { ignore }: EvidenceIndex): Divergence['difference'] {
  if (recorded.target !== asked.target) return describeTargets(recorded.target, asked.target)
  // What is ignored is not what keeps the two apart.
  return describeDifference(ignore(recorded.content), ignore(asked.content))
}

function kindOf(
  call: CanonicalCall,
  nearest: EvidenceEntry | null,
  exhausted: boolean,
  difference: Divergence['difference'],
): string {
  if (exhausted) return 'exhausted'
  if (nearest === null || nearest.call.target !== call.target) return 'new_request'
  return classifyDifference(difference, nearest.call.content, call.content)
}

function remediesFor(kind: string): string[] {
  const rerecord = 'Record the incident again with this candidate, and name that recording as the evidence.'
  switch (kind) {
    case 'exhausted':
      return ['Check whether the candidate repeats a call that the recorded agent made less often.', rerecord]
    case 'new_request':
      return ['Check whether the candidate should make this call at all.', rerecord]
    case 'request_changed':
      return ['List the field under `replay.volatile` if it has no bearing on the answer.', rerecord]
    default:
      return [
        'The recorded answer was given to another question: it proves nothing about this one.',
        'Set `on_divergence: stale` on the candidate to look further; the verdict stays inconclusive.',
        rerecord,
      ]
  }
}
