import type { Interaction } from '../model/interaction.ts'

/** The first question of a replay without an answer that proves anything; null when all have one. */
export function findQuestion(interactions: readonly Interaction[]): Interaction | null {
  return interactions.find(({ evidence }) => evidence?.grade === 'none' || evidence?.grade === 'stale') ?? null
}
