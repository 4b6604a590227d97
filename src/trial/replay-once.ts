import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Recording } from '../model/recording.ts'
import type { LiveBudget } from '../replay/live/live-desk.ts'
import type { ReplayPool } from '../replay/replay-pool.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { enterWorld } from './enter-world.ts'
import { resolveAgent } from './resolve-agent.ts'
import { prepareReplay, type ReplayRequest, readGround } from './run-replay.ts'
import type { ReplayInWorld } from './run-world.ts'

/** How the replay of the unfixed agent is named. */
export const BASELINE = 'baseline'

export interface ReplayOnceOptions {
  pool: ReplayPool
  /** Where replays leave their recordings, and where git revisions are kept. */
  outDir: string
  /**
   * Lets a replay start when there is room for it.
   * @default at once
   */
  limit?: (<T>(task: () => Promise<T>) => Promise<T>) | undefined
  /** Recordings whose answers candidates may get where the scenario's has none. */
  supplements?: ReplayRequest['supplements']
  /**
   * Whom candidates may ask what nothing holds, and how much of it.
   * @default nobody
   */
  live?: LiveBudget | undefined
}

/** Replays an agent of the scenario, in the recorded world or in another one. */
export function createReplayOnce(scenario: Scenario, recording: Recording, options: ReplayOnceOptions): ReplayInWorld {
  let ground: ReplayRequest['ground']
  return async (source, name, on_divergence, at, counted) => {
    // In a turn of its own, so that the pool knows of it before its turn to run has come.
    const run = await inTurn(options, async () => {
      const agent = await resolveAgent(source, scenario, recording, join(options.outDir, 'revisions'))
      const outDir = join(options.outDir, 'replays', scenario.id)
      // The baseline has to reproduce the incident from its recording alone.
      const beside = name === BASELINE ? {} : { supplements: supplementsOf(scenario, options), stubs: scenario.stubs }
      ground ??= readGround(scenario, recording)
      const request = { scenario, recording, agent, on_divergence, outDir, name, ground, counted, ...beside }
      return prepareReplay(at === undefined ? request : enterWorld(request, at.world, at.derived), options.pool)
    })
    return inTurn(options, run)
  }
}

/** What is there beside the recording by now: the first live answer makes an overlay. */
function supplementsOf(
  scenario: Scenario,
  { supplements = [], live }: ReplayOnceOptions,
): ReplayRequest['supplements'] {
  const { overlay, dir } = scenario
  const isNew = live !== undefined && existsSync(overlay) && supplements.every(({ recording }) => recording !== overlay)
  return isNew ? [...supplements, { grade: 'live', label: relative(dir, overlay), recording: overlay }] : supplements
}

/** Runs a task when there is room for it. */
export function inTurn<T>({ limit }: Pick<ReplayOnceOptions, 'limit'>, task: () => Promise<T>): Promise<T> {
  return limit === undefined ? task() : limit(task)
}
