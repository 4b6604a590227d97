import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Recording } from '../model/recording.ts'
import { statedStopReason } from '../model/stop-reason.ts'
import type { BaselineReport, CandidateReport, Reason, ScenarioReport } from '../model/verdict.ts'
import { type LiveBudget, LiveDesk } from '../replay/live/live-desk.ts'
import type { ReplayPool } from '../replay/replay-pool.ts'
import type { ReplayResult } from '../replay/replay-worker.ts'
import type { AgentSource, OnDivergence, Scenario, ScenarioCandidate } from '../scenario/scenario.ts'
import { assumeSources } from '../verify/describe-sources.ts'
import { gateOf } from '../verify/gate-of.ts'
import { type BaselineJudgement, judgeBaseline } from '../verify/judge-baseline.ts'
import { judgeCandidate } from '../verify/judge-candidate.ts'
import type { TrialRun } from '../verify/trial-run.ts'
import { brokenReplay } from './broken-replay.ts'
import { doubtChangedQuestions } from './doubt-changed-questions.ts'
import { enterWorld, worldsFolder } from './enter-world.ts'
import { findWaysOut } from './find-ways-out.ts'
import { gradeRun, withoutRuns } from './grade-replay.ts'
import { perturb } from './perturb.ts'
import { resolveAgent } from './resolve-agent.ts'
import { prepareReplay, type ReplayRequest, type TrialReplay } from './run-replay.ts'
import { createWorldRunner, type ReplayInWorld } from './run-world.ts'
import { bearOutBySamples, type SampledTrial, sampleLive } from './sample-live.ts'
import { settleCandidate } from './settle-candidate.ts'
import { settleLive } from './settle-live.ts'
import { showTeeth } from './show-teeth.ts'

/** How replays are named. */
const BASELINE = 'baseline'
const CANDIDATE = 'candidate-'

export interface TrialOptions {
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
  /**
   * How often each fix and the unfixed agent are run against real models, to compare how often they recover.
   * @default 0
   */
  samples?: number | undefined
  /**
   * Whether the unfixed agent is replayed once more after the candidates, with all the evidence that they had.
   * @default false
   */
  teeth?: boolean | undefined
  /** What has to be taken for granted about the recording; listed with every verdict. */
  assumptions?: readonly string[] | undefined
}

/**
 * One scenario's proceeding: the unfixed agent first, which has to reproduce the incident from its recording, then every
 * candidate. Never rejects: what breaks is a verdict `error`.
 */
export async function runTrial(
  scenario: Scenario,
  recording: Recording,
  options: TrialOptions,
): Promise<ScenarioReport> {
  const began = performance.now()
  const { outDir } = options
  const desk = options.live && new LiveDesk(scenario.overlay, recording, options.live)
  const replayOnce = createReplayOnce(scenario, recording, options)
  const replay = (source: AgentSource, name: string, on_divergence: OnDivergence): Promise<TrialReplay> => {
    const once = (): Promise<TrialReplay> => replayOnce(source, name, on_divergence)
    return desk === undefined || !name.startsWith(CANDIDATE) ? once() : settleLive(once, desk)
  }

  const broken = (error: unknown): TrialReplay => brokenReplay(recording, error)
  const [baseline, ...replays] = await Promise.all([
    replay(scenario.baseline, BASELINE, 'fail').catch(broken),
    ...scenario.candidates.map((candidate) =>
      replay(candidate.agent, CANDIDATE + candidate.id, candidate.on_divergence).catch(broken),
    ),
  ])
  const judge = ({ run }: TrialReplay): BaselineJudgement =>
    judgeBaseline({ run, incident: scenario.incident, required: scenario.verify.required_evidence })
  const judged = judge(baseline)
  const reverted = options.teeth && judge(await replay(scenario.baseline, 'reverted', 'fail').catch(broken)).verdict
  const doubted = replays.map((one) => doubt(one, baseline, recording, scenario))
  const red = {
    verdict: judged.verdict,
    run: baseline.run,
    sources: baseline.result.sources,
    assumptions: options.assumptions ?? [],
    recording,
    revisions: join(options.outDir, 'revisions'),
  }
  const plain = scenario.candidates.map((candidate, index) => {
    const report = reportCandidate(scenario, candidate, doubted[index] as TrialReplay, red)
    return reverted ? showTeeth(report, reverted) : report
  })
  const run = createWorldRunner({
    scenario,
    recording,
    folder: worldsFolder(outDir, scenario),
    // Nobody is asked live in a world that is not the real one.
    replay: (...args) => replayOnce(...args).catch(broken),
    unfixed: baseline,
    settle: (one, candidate) => settleCandidate(scenario, candidate, one, red),
    doubt: (...args) => doubt(...args, scenario),
  })
  const tried = plain.map((report, index) => {
    const [candidate, replay] = [scenario.candidates[index] as ScenarioCandidate, doubted[index] as TrialReplay]
    return perturb({ candidate, report, replay }, { scenario, recording, outDir, run })
  })
  const borne = await sampleWhereAsked(await Promise.all(tried), scenario, recording, options)
  const candidates = borne.map(async (report, index) => {
    const { interactions } = doubted[index] as TrialReplay
    const candidate = scenario.candidates[index] as ScenarioCandidate
    const { worst } = report.evidence
    return {
      ...report,
      ways_out: await findWaysOut({ ...report, scenario, candidate, recording, interactions, worst }),
    }
  })
  return {
    id: scenario.id,
    title: scenario.title,
    file: scenario.file,
    seed: scenario.replay.seed ?? recording.run.run_id,
    seeded: scenario.replay.seed !== undefined,
    baseline: reportBaseline(scenario, baseline, judged),
    candidates: await Promise.all(candidates),
    duration_ms: performance.now() - began,
  }
}

/** Replays an agent of the scenario, in the recorded world or in another one. */
function createReplayOnce(scenario: Scenario, recording: Recording, options: TrialOptions): ReplayInWorld {
  return async (source, name, on_divergence, at) => {
    // In a turn of its own, so that the pool knows of it before its turn to run has come.
    const run = await inTurn(options, async () => {
      const agent = await resolveAgent(source, scenario, recording, join(options.outDir, 'revisions'))
      const outDir = join(options.outDir, 'replays', scenario.id)
      // The baseline has to reproduce the incident from its recording alone.
      const beside = name === BASELINE ? {} : { supplements: supplementsOf(scenario, options), stubs: scenario.stubs }
      const request = { scenario, recording, agent, on_divergence, outDir, name, ...beside }
      return prepareReplay(at === undefined ? request : enterWorld(request, at.world, at.derived), options.pool)
    })
    return inTurn(options, run)
  }
}

/** Bears verdicts out by live samples, where the user asks for some. */
function sampleWhereAsked(
  reports: Omit<CandidateReport, 'ways_out'>[],
  scenario: Scenario,
  recording: Recording,
  options: TrialOptions,
): Promise<Omit<CandidateReport, 'ways_out'>[]> {
  const { live, samples = 0, outDir, pool } = options
  if (live === undefined || samples === 0) return Promise.resolve(reports)
  const dir = join(outDir, 'samples', scenario.id)
  const sources = new Map<string, AgentSource>([
    [BASELINE, scenario.baseline],
    ...scenario.candidates.map(({ id, agent }): [string, AgentSource] => [CANDIDATE + id, agent]),
  ])
  return bearOutBySamples(reports, (name) => {
    const replay: SampledTrial['replay'] = async (against, file, supplements) => {
      const agent = await resolveAgent(sources.get(name) as AgentSource, scenario, recording, join(outDir, 'revisions'))
      const beside = { supplements, stubs: scenario.stubs }
      const of = { scenario: { ...scenario, recording: against.path }, recording: against.recording, agent }
      const run = await prepareReplay({ ...of, on_divergence: 'fail', outDir: dir, name: file, ...beside }, pool)
      return inTurn(options, run)
    }
    return sampleLive({ scenario, recording, live, samples, dir, replay }, name)
  })
}

/** What is there beside the recording by now: the first live answer makes an overlay. */
function supplementsOf(scenario: Scenario, { supplements = [], live }: TrialOptions): ReplayRequest['supplements'] {
  const { overlay, dir } = scenario
  const isNew = live !== undefined && existsSync(overlay) && supplements.every(({ recording }) => recording !== overlay)
  return isNew ? [...supplements, { grade: 'live', label: relative(dir, overlay), recording: overlay }] : supplements
}

/** A candidate's replay without the evidence that is none for it. */
function doubt(replay: TrialReplay, baseline: TrialReplay, recording: Recording, scenario: Scenario): TrialReplay {
  const { interactions, divergences } = doubtChangedQuestions(replay, baseline.interactions, recording)
  if (divergences.length === 0) return replay
  const run = {
    ...replay.run,
    interactions: withoutRuns(interactions),
    evidence: gradeRun({ interactions, trace: replay.run.trace }, recording, scenario),
    divergences: [...replay.run.divergences, ...divergences],
  }
  return { ...replay, run, interactions }
}

function inTurn<T>({ limit }: TrialOptions, task: () => Promise<T>): Promise<T> {
  return limit === undefined ? task() : limit(task)
}

function reportBaseline(
  scenario: Scenario,
  { run, result, hints }: TrialReplay,
  judged: BaselineJudgement,
): BaselineReport {
  return {
    verdict: judged.verdict,
    agent: scenario.baseline.label,
    evidence: run.evidence,
    findings: judged.findings,
    signals: run.signals,
    reasons: [...judged.reasons, ...beside(judged.verdict, hints, result.output)],
    recording: result.recording,
    isolation: result.isolation,
  }
}

/** The baseline as its candidates are compared with it. */
interface JudgedBaseline {
  verdict: BaselineJudgement['verdict']
  run: TrialRun
  sources: ReplayResult['sources']
  /** Of the recording. */
  assumptions: readonly string[]
  recording: Recording
  /** Folder of git revisions. */
  revisions: string
}

function reportCandidate(
  scenario: Scenario,
  candidate: ScenarioCandidate,
  { run, result, hints, cwd }: TrialReplay,
  baseline: JudgedBaseline,
): Omit<CandidateReport, 'ways_out'> {
  const sources = settleCandidate(scenario, candidate, { result, cwd }, baseline)
  const assumptions = [...baseline.assumptions, ...run.assumptions, ...assumeSources(sources)]
  const { required_evidence, tolerance, expect, accept_bypass } = scenario.verify
  const judged = judgeCandidate({
    baseline,
    candidate: { ...run, sources, assumptions: [...assumptions, ...assumeStop(baseline.run, run)] },
    incident: scenario.incident,
    expect,
    required: required_evidence,
    tolerance,
    accept_bypass,
  })
  return {
    id: candidate.id,
    agent: candidate.agent.label,
    verdict: judged.verdict,
    expect: candidate.expect,
    gate: gateOf(judged.verdict, candidate.expect),
    evidence: run.evidence,
    assumptions: judged.assumptions,
    findings: judged.findings,
    signals: run.signals,
    divergences: [...run.divergences],
    egress: [...run.egress],
    sources,
    reasons: [...judged.reasons, ...beside(judged.verdict, hints, result.output)],
    recording: result.recording,
    isolation: result.isolation,
    duration_ms: result.real_ms,
  }
}

/** An agent that returns is taken to have completed; where the unfixed one names its stop reason, that may be a lost `return`. */
function assumeStop(baseline: TrialRun, { trace, agent_error }: TrialRun): string[] {
  const isTaken = trace?.finished === true && agent_error === null && statedStopReason(trace.output) === null
  if (!isTaken || statedStopReason(baseline.trace?.output) === null) return []
  return ['stop_reason completed: its output names none, and that of the baseline does']
}

/** What helps where something broke: a hint, and what the agent printed last, often the only word about it. */
function beside(verdict: string, hints: readonly Reason[], output: string): Reason[] {
  const said = output.trim()
  const isBroken = verdict === 'error'
  const printed = { code: 'agent_output', message: `the agent printed: ${said.slice(-2_000)}` }
  return [...(isBroken || verdict === 'inconclusive' ? hints : []), ...(isBroken && said !== '' ? [printed] : [])]
}
