import { join } from 'node:path'
import type { Recording } from '../model/recording.ts'
import type { BaselineReport, CandidateReport, Reason, ScenarioReport } from '../model/verdict.ts'
import { LiveDesk } from '../replay/live/live-desk.ts'
import type { ReplayResult } from '../replay/replay-worker.ts'
import type { AgentSource, Scenario, ScenarioCandidate } from '../scenario/scenario.ts'
import { assumeSources } from '../verify/describe-sources.ts'
import { gateOf } from '../verify/gate-of.ts'
import { type BaselineJudgement, judgeBaseline } from '../verify/judge-baseline.ts'
import { judgeCandidate } from '../verify/judge-candidate.ts'
import type { TrialRun } from '../verify/trial-run.ts'
import { assumeDeadlines } from './assume-deadlines.ts'
import { brokenReplay } from './broken-replay.ts'
import { doubtChangedQuestions } from './doubt-changed-questions.ts'
import { worldsFolder } from './enter-world.ts'
import { findWaysOut } from './find-ways-out.ts'
import { forgiveLate } from './forgive-late.ts'
import { gradeRun, withoutRuns } from './grade-replay.ts'
import { perturb } from './perturb.ts'
import { createUnfixedAgent, replayCounting } from './replay-counting.ts'
import { BASELINE, createReplayOnce, inTurn, type ReplayOnceOptions } from './replay-once.ts'
import { resolveAgent } from './resolve-agent.ts'
import { prepareReplay, readGround, type TrialReplay } from './run-replay.ts'
import { createWorldRunner, type ReplayInWorld } from './run-world.ts'
import { bearOutBySamples, type SampledTrial, sampleLive } from './sample-live.ts'
import { settleCandidate } from './settle-candidate.ts'
import { settleLive } from './settle-live.ts'
import { showTeeth } from './show-teeth.ts'

/** How the replays of candidates are named. */
const CANDIDATE = 'candidate-'

export interface TrialOptions extends ReplayOnceOptions {
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
  const broken = (error: unknown): TrialReplay => brokenReplay(recording, error)
  const replayOnce = createReplayOnce(scenario, recording, options)
  const { baseline, replays, forgive } = await replayAll(scenario, recording, options, replayOnce)
  const judge = ({ run }: TrialReplay): BaselineJudgement =>
    judgeBaseline({ run, incident: scenario.incident, required: scenario.verify.required_evidence })
  const judged = judge(baseline)
  const again = (): Promise<TrialReplay> => replayOnce(scenario.baseline, 'reverted', 'fail').catch(broken)
  const reverted = options.teeth && judge(forgive(await again())).verdict
  const doubted = replays.map((one) => doubt(one, baseline, recording, scenario))
  const red = {
    verdict: judged.verdict,
    run: baseline.run,
    interactions: baseline.interactions,
    sources: baseline.result.sources,
    assumptions: options.assumptions ?? [],
    recording,
    revisions: join(options.outDir, 'revisions'),
  }
  const plain = scenario.candidates.map((candidate, index) => {
    const report = reportCandidate(scenario, candidate, doubted[index] as TrialReplay, red)
    return reverted ? showTeeth(report, reverted) : report
  })
  const asRecorded = (name: string): TrialReplay | undefined =>
    doubted[scenario.candidates.findIndex(({ id }) => name === CANDIDATE + id)]
  const run = createWorldRunner({
    scenario,
    recording,
    folder: worldsFolder(outDir, scenario),
    // Nobody is asked live in a world that is not the real one.
    replay: async (source, name, on_divergence, at) => {
      const { counted, free } = asRecorded(name) ?? {}
      return { ...forgive(await replayOnce(source, name, on_divergence, at, counted).catch(broken)), free }
    },
    unfixed: baseline,
    settle: (one, candidate) => settleCandidate(scenario, candidate, one, red),
    doubt: (...args) => doubt(...args, scenario),
  })
  const tried = plain.map((report, index) => {
    const [candidate, replay] = [scenario.candidates[index] as ScenarioCandidate, doubted[index] as TrialReplay]
    return perturb({ candidate, report, replay }, { scenario, recording, outDir, run })
  })
  const borne = await sampleWhereAsked(await Promise.all(tried), scenario, recording, { ...options, asRecorded })
  const candidates = borne.map(async (report, index) => {
    const { interactions, counted } = doubted[index] as TrialReplay
    const candidate = scenario.candidates[index] as ScenarioCandidate
    const { worst } = report.evidence
    return {
      ...report,
      ways_out: await findWaysOut({ ...report, scenario, candidate, recording, interactions, counted, worst }),
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

/** The unfixed agent and all candidates, each as it was recorded; `forgive` passes over what comes late with the unfixed agent too. */
async function replayAll(
  scenario: Scenario,
  recording: Recording,
  { live }: TrialOptions,
  replayOnce: ReplayInWorld,
): Promise<{ baseline: TrialReplay; replays: TrialReplay[]; forgive(replay: TrialReplay): TrialReplay }> {
  const desk = live && new LiveDesk(scenario.overlay, recording, live)
  const broken = (error: unknown): TrialReplay => brokenReplay(recording, error)
  const unfixed = createUnfixedAgent((on_divergence, world) => {
    const at = world && { world, derived: null }
    return replayOnce(scenario.baseline, BASELINE, on_divergence, at)
  }, recording)
  const replay = ({ agent, id, on_divergence }: ScenarioCandidate): Promise<TrialReplay> => {
    const once = (): Promise<TrialReplay> =>
      replayCounting(
        (counted) => replayOnce(agent, CANDIDATE + id, on_divergence, undefined, counted),
        unfixed,
        recording,
      )
    return desk === undefined ? once() : settleLive(once, desk)
  }
  const [first, ...others] = await Promise.all([
    unfixed.asRecorded(),
    ...scenario.candidates.map((candidate) => replay(candidate).catch(broken)),
  ])
  const forgive = (one: TrialReplay): TrialReplay => forgiveLate(one, first, recording, scenario)
  return { baseline: forgive(first), replays: others.map(forgive), forgive }
}

/** Bears verdicts out by live samples, where the user asks for some. */
function sampleWhereAsked(
  reports: Omit<CandidateReport, 'ways_out'>[],
  scenario: Scenario,
  recording: Recording,
  options: TrialOptions & { asRecorded(name: string): TrialReplay | undefined },
): Promise<Omit<CandidateReport, 'ways_out'>[]> {
  const { live, samples = 0, outDir, pool } = options
  if (live === undefined || samples === 0) return Promise.resolve(reports)
  const dir = join(outDir, 'samples', scenario.id)
  const ground = readGround(scenario, recording)
  const sources = new Map<string, AgentSource>([
    [BASELINE, scenario.baseline],
    ...scenario.candidates.map(({ id, agent }): [string, AgentSource] => [CANDIDATE + id, agent]),
  ])
  return bearOutBySamples(reports, (name) => {
    const replay: SampledTrial['replay'] = async (against, file, supplements) => {
      const agent = await resolveAgent(sources.get(name) as AgentSource, scenario, recording, join(outDir, 'revisions'))
      const beside = { supplements, stubs: scenario.stubs, counted: options.asRecorded(name)?.counted, ground }
      const of = { scenario: { ...scenario, recording: against.path }, recording: against.recording, agent }
      const run = await prepareReplay({ ...of, on_divergence: 'fail', outDir: dir, name: file, ...beside }, pool)
      return inTurn(options, run)
    }
    return sampleLive({ scenario, recording, live, samples, dir, replay }, name)
  })
}

/** A candidate's replay without the evidence that is none for it. */
function doubt(replay: TrialReplay, baseline: TrialReplay, recording: Recording, scenario: Scenario): TrialReplay {
  const { interactions, divergences } = doubtChangedQuestions(
    replay,
    baseline.interactions,
    recording,
    scenario.replay.volatile,
  )
  if (divergences.length === 0) return replay
  const run = {
    ...replay.run,
    interactions: withoutRuns(interactions),
    evidence: gradeRun({ ...replay.run, interactions }, recording, scenario),
    divergences: [...replay.run.divergences, ...divergences],
  }
  return { ...replay, run, interactions }
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
  interactions: TrialReplay['interactions']
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
  { run, interactions, result, hints, cwd }: TrialReplay,
  baseline: JudgedBaseline,
): Omit<CandidateReport, 'ways_out'> {
  const sources = settleCandidate(scenario, candidate, { result, cwd }, baseline)
  const deadlines = assumeDeadlines({ run, interactions }, baseline, baseline.recording.interactions)
  const assumptions = [...baseline.assumptions, ...run.assumptions, ...deadlines, ...assumeSources(sources)]
  const { required_evidence, tolerance, expect, accept_bypass } = scenario.verify
  const judged = judgeCandidate({
    baseline,
    candidate: { ...run, sources, assumptions },
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

/** What helps where something broke: a hint, and what the agent printed last, often the only word about it. */
function beside(verdict: string, hints: readonly Reason[], output: string): Reason[] {
  const said = output.trim()
  const isBroken = verdict === 'error'
  const printed = { code: 'agent_output', message: `the agent printed: ${said.slice(-2_000)}` }
  return [...(isBroken || verdict === 'inconclusive' ? hints : []), ...(isBroken && said !== '' ? [printed] : [])]
}
