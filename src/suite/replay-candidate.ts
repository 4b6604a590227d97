import { join } from 'node:path'
import type { Recording } from '../model/recording.ts'
import { createReplayPool } from '../replay/replay-pool.ts'
import type { Scenario, ScenarioCandidate } from '../scenario/scenario.ts'
import { replayBesideUnfixed } from '../trial/replay-counting.ts'
import { resolveAgent } from '../trial/resolve-agent.ts'
import { isolationOf, type TrialReplay } from '../trial/run-replay.ts'
import { openRecording } from './open-recording.ts'

/** Replays one candidate with all the evidence that its scenario names. @param outDir Where replays leave their recordings. */
export async function replayCandidate(
  scenario: Scenario,
  candidate: ScenarioCandidate,
  outDir: string,
): Promise<TrialReplay & { recording: Recording }> {
  const { recording, supplements } = await openRecording(scenario)
  const pool = createReplayPool({
    jobs: 1,
    cacheDir: join(outDir, 'cache'),
    workDir: join(outDir, 'work'),
    isolation: isolationOf(scenario),
  })
  try {
    const revisions = join(outDir, 'revisions')
    const agent = await resolveAgent(candidate.agent, scenario, recording, revisions)
    const { on_divergence } = candidate
    const where = { outDir: join(outDir, 'replays', scenario.id), name: `candidate-${candidate.id}` }
    const beside = { supplements, stubs: scenario.stubs }
    const request = { scenario, recording, agent, on_divergence, ...where, ...beside }
    return { ...(await replayBesideUnfixed(request, pool, revisions)), recording }
  } finally {
    pool.close()
  }
}
