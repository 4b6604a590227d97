import type { Recording } from '../model/recording.ts'
import type { World } from '../model/world.ts'
import type { ReplayPool } from '../replay/replay-pool.ts'
import type { OnDivergence } from '../scenario/scenario.ts'
import { brokenReplay } from './broken-replay.ts'
import { enterWorld } from './enter-world.ts'
import { findChangedHeaders, findFreeHeaders, UNKNOWN } from './find-changed-headers.ts'
import { SHIFT_MS } from './learn-volatile.ts'
import { resolveAgent } from './resolve-agent.ts'
import { type ReplayRequest, runReplay, type TrialReplay } from './run-replay.ts'

/** How often what a candidate asks is looked through again for headers that it changes. */
const MOST_ROUNDS = 3

/** The unfixed agent, replayed when somebody wants to know, and once. */
export interface UnfixedAgent {
  asRecorded(): Promise<TrialReplay>
  /** With other chance and at another time: what differs there differs in every run. */
  elsewhere(): Promise<TrialReplay>
}

/** @param tryReplay Replays the unfixed agent. */
export function createUnfixedAgent(
  tryReplay: (on_divergence: OnDivergence, world?: World) => Promise<TrialReplay>,
  recording: Recording,
): UnfixedAgent {
  const replay: typeof tryReplay = (...args) => tryReplay(...args).catch((error) => brokenReplay(recording, error))
  const world = { seed: 'another seed', started_at: recording.run.started_at + SHIFT_MS }
  let asRecorded: Promise<TrialReplay> | null = null
  let elsewhere: Promise<TrialReplay> | null = null
  return {
    asRecorded: () => (asRecorded ??= replay('fail')),
    elsewhere: () => (elsewhere ??= replay('stale', world)),
  }
}

/**
 * Replays a candidate. Where it alone sends a header otherwise, it is replayed again with that header as part of the question: the
 * recorded answer was given to another one.
 *
 * @param replay Replays the candidate; told which headers count beside those that always do.
 */
export async function replayCounting(
  replay: (counted: readonly string[]) => Promise<TrialReplay>,
  unfixed: UnfixedAgent,
  recording: Recording,
): Promise<TrialReplay> {
  let tried = await replay([])
  const free = new Set<string>()
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const counted = new Set(tried.counted)
    const isNew = (name: string): boolean => !counted.has(name) && !free.has(name)
    // What is sent as it was recorded needs nobody to compare it with; what others recorded may lack it.
    const isOwn = recording.runtime.node !== UNKNOWN
    if (isOwn && !namesOf(tried, [], recording).some(isNew)) break
    const { interactions } = await unfixed.asRecorded()
    const changed = namesOf(tried, interactions, recording).filter(isNew)
    if (changed.length === 0) break
    const { interactions: elsewhere } = await unfixed.elsewhere()
    for (const name of findFreeHeaders(changed, elsewhere, recording)) free.add(name)
    const more = changed.filter(isNew)
    if (more.length === 0) break
    tried = await replay([...counted, ...more].sort())
  }
  return free.size === 0 ? tried : { ...tried, free }
}

/** The same for one candidate by itself: the unfixed agent is replayed where it has to be asked. */
export function replayBesideUnfixed(request: ReplayRequest, pool: ReplayPool, revisions: string): Promise<TrialReplay> {
  const { scenario, recording } = request
  const unfixed = createUnfixedAgent(async (on_divergence, world) => {
    const agent = await resolveAgent(scenario.baseline, scenario, recording, revisions)
    const alone = { ...request, agent, on_divergence, name: 'unfixed', supplements: undefined, stubs: undefined }
    return runReplay(world === undefined ? alone : enterWorld(alone, world, null), pool)
  }, recording)
  return replayCounting((counted) => runReplay({ ...request, counted }, pool), unfixed, recording)
}

function namesOf(replay: TrialReplay, baseline: TrialReplay['interactions'], recording: Recording): string[] {
  return [...new Set(findChangedHeaders(replay, baseline, recording).map(({ name }) => name))]
}
