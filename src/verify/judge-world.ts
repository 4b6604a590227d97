import type { EvidenceGrade } from '../model/evidence.ts'
import type { Expectations, Incident, Role } from '../model/incident.ts'
import type { WorldOutcome } from '../model/verdict.ts'
import type { World } from '../model/world.ts'
import { checkExpectations } from './check-expectations.ts'
import { describeSources } from './describe-sources.ts'
import { doubtOutput } from './doubt-output.ts'
import { describeJudgeFailure, describeThrow, findBreakage } from './find-breakage.ts'
import { findIncident } from './find-incident.ts'
import { findWeaknesses, mayExplainThrow } from './find-weaknesses.ts'
import { createReason, type VerifyReason } from './reason-codes.ts'
import type { TrialRun } from './trial-run.ts'

export interface WorldInput {
  world: World
  /** What the candidate did in that world. */
  run: TrialRun
  incident: Incident
  expect?: Expectations | undefined
  /** The worst grade that an answer may have. */
  required: EvidenceGrade
  /** What the unfixed agent did in the recorded world: what the output is compared with. */
  unfixed?: TrialRun | undefined
  /** True when the answers came in the order that the world asks for. */
  inOrder: boolean
  /**
   * True when the scenario accepts a candidate that never meets the trigger.
   * @default false
   */
  accept_bypass?: boolean | undefined
}

export interface WorldJudgement {
  outcome: WorldOutcome
  /** Why it failed, or proves nothing; none for a world that passed. */
  reasons: VerifyReason[]
}

/**
 * Judges a fix in another world than the recorded one. It fails on good evidence only, and passes on good evidence only;
 * whatever is neither is `inconclusive`. Never throws.
 */
export function judgeWorld(input: WorldInput): WorldJudgement {
  try {
    return judge(input)
  } catch (error) {
    return { outcome: 'inconclusive', reasons: [describeJudgeFailure(error)] }
  }
}

function judge(input: WorldInput): WorldJudgement {
  const { run, required, world, expect = {} } = input
  const { trace, signals } = run
  const breakage = findBreakage(run)
  if (breakage !== null) {
    const isAgents = breakage.code === 'agent_crashed' || breakage.code === 'agent_hung'
    return { outcome: isAgents ? 'failed' : 'inconclusive', reasons: [breakage] }
  }
  const { unfixed } = input
  const weaknesses = [
    ...findWeaknesses(run, required),
    ...describeSources(run.sources ?? []),
    ...(unfixed === undefined ? [] : doubtOutput(run, unfixed)),
  ]
  const thrown = run.agent_error === null ? [] : [describeThrow(run.agent_error)]
  if (run.integrity !== 'sealed') {
    weaknesses.push(createReason('unsealed_recording', `a recording under this world is ${run.integrity}, not sealed`))
  }
  if (thrown.length > 0 && !mayExplainThrow(weaknesses)) return { outcome: 'failed', reasons: thrown }
  if (weaknesses.length > 0 || trace === null || signals === null) {
    return { outcome: 'inconclusive', reasons: [...weaknesses, ...thrown] }
  }
  const findings = findIncident(trace, signals, scaleIncident(input.incident, world), run.told)
  const broken = checkExpectations(scaleExpectations(expect, world), trace, signals)
  const failures = [
    ...(findings.cause.present ? [createReason('cause_present', findings.cause.observed)] : []),
    ...(findings.symptom.present ? [createReason('symptom_present', findings.symptom.observed)] : []),
    ...broken.map((one) => createReason('expectation_broken', one.message, { expectation: one.code, ...one.data })),
  ]
  if (failures.length > 0) return { outcome: 'failed', reasons: failures }
  const unmet = findUnmet(input, findings.trigger.present, findings.trigger.observed)
  return unmet === null ? { outcome: 'passed', reasons: [] } : { outcome: 'inconclusive', reasons: [unmet] }
}

/** A world that the agent did not meet proves nothing about it. */
function findUnmet(input: WorldInput, isTriggered: boolean, observed: string): VerifyReason | null {
  const { world, run, inOrder, accept_bypass } = input
  if (!inOrder)
    return createReason('world_not_met', 'answers came in another order: calls were made or given up otherwise')
  if (world.fault !== undefined) {
    const served = new Set(run.interactions?.map(({ evidence }) => evidence?.source))
    // A made-up failure has another class than the recorded one: it is known by its place.
    if (world.fault.at.some((id) => served.has(id))) return null
    return createReason('world_not_met', `the call that goes wrong was never made: ${world.fault.at.join(', ')}`)
  }
  return isTriggered || accept_bypass === true ? null : createReason('trigger_not_met', observed)
}

/** A limit of time is one of the recorded network: a slower one is granted as much more. */
function scaleExpectations(expect: Expectations, { latency = 1 }: World): Expectations {
  const { max_latency_ms } = expect
  return max_latency_ms === undefined ? expect : { ...expect, max_latency_ms: max_latency_ms * Math.max(1, latency) }
}

function scaleIncident({ trigger, cause, symptom }: Incident, { latency = 1 }: World): Incident {
  const scale = (match: Role): Role =>
    'signal' in match && match.signal === 'run_latency_ms'
      ? { ...match, at_least: match.at_least * Math.max(1, latency) }
      : match
  return { trigger, cause: scale(cause), symptom: scale(symptom) }
}
