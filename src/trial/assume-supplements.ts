import type { Interaction } from '../model/interaction.ts'
import { countOf } from '../verify/reason-codes.ts'

/** What is taken for granted where a replay was answered from beside its recording: a line a source. */
export function assumeSupplements(interactions: readonly Interaction[]): string[] {
  const lines = new Map<string, number>()
  for (const { evidence } of interactions) {
    if (evidence === undefined) continue
    const { grade, source, note = '' } = evidence
    const from = source?.split('#')[0] ?? ''
    const line =
      grade === 'stub'
        ? `stub: ${note.replace(/^assumed: /, '')}`
        : grade === 'pooled'
          ? `pooled: answered from ${from}, another run`
          : grade === 'live'
            ? `live: a real system answered, once; pinned in ${from}`
            : null
    if (line !== null) lines.set(line, (lines.get(line) ?? 0) + 1)
  }
  return [...lines].map(([line, count]) => `${line} (${countOf(count, 'answer')})`)
}
