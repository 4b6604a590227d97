import type { Interaction } from '../model/interaction.ts'
import type { LiveDesk } from '../replay/live/live-desk.ts'
import type { TrialReplay } from './run-replay.ts'

/**
 * Replays again and again, each time with one more answer of the real system, until nothing is missing or nothing more can be
 * asked; then the last replay says why.
 */
export async function settleLive(replay: () => Promise<TrialReplay>, desk: LiveDesk): Promise<TrialReplay> {
  for (;;) {
    const { version } = desk
    const tried = await replay()
    const question = findMissing(tried)
    if (question === null) return tried
    const outcome = await desk.answer(question, version)
    if (outcome.answered) continue
    const hint = {
      code: 'live_refused',
      message: `no live answer for step ${tried.interactions.indexOf(question) + 1}: ${outcome.why}`,
    }
    return { ...tried, hints: [...tried.hints, hint] }
  }
}

/** The question at which a replay stopped because nothing holds its answer; null when it stopped at none. */
function findMissing({ run, interactions }: Pick<TrialReplay, 'run' | 'interactions'>): Interaction | null {
  if (run.outcome !== 'diverged') return null
  return interactions.find(({ evidence }) => evidence?.grade === 'none') ?? null
}
