import type { Recording } from '../model/recording.ts'
import type { ChanceSource } from '../model/verdict.ts'
import type { World } from '../model/world.ts'
import { isOrderMet } from '../replay/order/resolve-order.ts'
import { giveWorld } from '../replay/worlds/give-world.ts'
import type { AgentSource, OnDivergence, Scenario, ScenarioCandidate } from '../scenario/scenario.ts'
import { judgeWorld, type WorldJudgement } from '../verify/judge-world.ts'
import { createReason } from '../verify/reason-codes.ts'
import { completeWorld, type DerivedRecording, deriveRecording } from './enter-world.ts'
import { findChangedHeaders } from './find-changed-headers.ts'
import type { TrialReplay } from './run-replay.ts'

/** Replays one agent in a world; never rejects. */
export type ReplayInWorld = (
  source: AgentSource,
  name: string,
  on_divergence: OnDivergence,
  at?: { world: World; derived: DerivedRecording | null },
  counted?: readonly string[],
) => Promise<TrialReplay>

export interface WorldRunner {
  (candidate: ScenarioCandidate, world: World): Promise<WorldJudgement>
  /** The recording that a world's fault makes; null for a world whose answers are the recorded ones. */
  derive(world: World): Promise<DerivedRecording | null>
}

export interface WorldRunnerOptions {
  scenario: Scenario
  recording: Recording
  /** Where derived recordings are kept. */
  folder: string
  replay: ReplayInWorld
  /** What the unfixed agent did in the recorded world. */
  unfixed: TrialReplay
  /** What the run looked at that no recording holds. */
  settle(replay: TrialReplay, candidate: ScenarioCandidate): ChanceSource[]
  /** The replay without the evidence that is none for a candidate, as against that of the unfixed agent. */
  doubt(replay: TrialReplay, baseline: TrialReplay, recording: Recording): TrialReplay
}

/** Tries candidates in worlds. What several of them need, derived recordings and replays of the unfixed agent, is made once. */
export function createWorldRunner(options: WorldRunnerOptions): WorldRunner {
  const { scenario, recording, folder, replay, unfixed, settle, doubt } = options
  const { incident, verify, baseline } = scenario
  const derived = new Map<string, Promise<DerivedRecording | null>>()
  const baselines = new Map<string, Promise<TrialReplay>>()
  const derive = ({ fault }: World) => once(derived, fault, () => deriveRecording(recording, fault, folder))

  const tryIn = async (candidate: ScenarioCandidate, simple: World): Promise<WorldJudgement> => {
    const world = completeWorld(simple, recording, scenario)
    const at = { world, derived: await derive(world) }
    let replayed = await replay(candidate.agent, `candidate-${candidate.id}`, candidate.on_divergence, at)
    const served = at.derived?.recording ?? recording
    if (needsBaseline(replayed, unfixed, served)) {
      const here = await once(baselines, world, () => replay(baseline, 'baseline', 'fail', at))
      // Where it asks nothing here, what it asked as it was recorded counts.
      const interactions = [...unfixed.interactions, ...here.interactions]
      replayed = doubt(replayed, { ...here, interactions }, served)
    }
    return judgeWorld({
      world,
      run: { ...replayed.run, sources: settle(replayed, candidate) },
      unfixed: unfixed.run,
      incident,
      expect: verify.expect,
      required: verify.required_evidence,
      inOrder: isInOrder(served, world, replayed),
      accept_bypass: verify.accept_bypass,
    })
  }
  const run = (candidate: ScenarioCandidate, world: World): Promise<WorldJudgement> =>
    tryIn(candidate, world).catch((error: unknown) => ({
      outcome: 'inconclusive',
      reasons: [createReason('harness_error', `the harness broke: ${(error as Error).message}`)],
    }))
  return Object.assign(run, { derive })
}

function once<T>(made: Map<string, Promise<T>>, what: unknown, make: () => Promise<T>): Promise<T> {
  const key = JSON.stringify(what) ?? ''
  const known = made.get(key) ?? make()
  made.set(key, known)
  return known
}

/** Whether what the unfixed agent asks in this world says something about the evidence. */
function needsBaseline(replay: TrialReplay, unfixed: TrialReplay, recording: Recording): boolean {
  const isAlike = replay.interactions.some(
    ({ evidence }) => evidence?.grade === 'renamed' || evidence?.grade === 'ignored',
  )
  return isAlike || findChangedHeaders(replay, unfixed.interactions, recording).length > 0
}

function isInOrder(recording: Recording, world: World, { interactions }: TrialReplay): boolean {
  if (world.order === undefined) return true
  return isOrderMet(giveWorld(recording, world).orders, interactions)
}
