import { join } from 'node:path'
import { isRetrialError } from '../core/errors.ts'
import type { Recording } from '../model/recording.ts'
import { statedStopReason } from '../model/stop-reason.ts'
import type { BaselineReport, CandidateReport, Reason, ScenarioReport } from '../model/verdict.ts'
import type { ReplayPool } from '../replay/replay-pool.ts'
import type { ReplayResult } from '../replay/replay-worker.ts'
import type { AgentSource, OnDivergence, Scenario, ScenarioCandidate } from '../scenario/scenario.ts'
import { assumeSources } from '../verify/describe-sources.ts'
import { gateOf } from '../verify/gate-of.ts'
import { type BaselineJudgement, judgeBaseline } from '../verify/judge-baseline.ts'
import { judgeCandidate } from '../verify/judge-candidate.ts'
import type { TrialRun } from '../verify/trial-run.ts'
import { doubtChangedQuestions } from './doubt-changed-questions.ts'
import { resolveAgent } from './resolve-agent.ts'
import { explainFailure, gradeReplay, prepareReplay, type TrialReplay } from './run-replay.ts'
import { settleSources } from './settle-sources.ts'

export interface TrialOptions {
  pool: ReplayPool
  /** Where replays leave their recordings, and where git revisions are kept. */
  outDir: string
  /**
   * Lets a replay start when there is room for it.
   * @default at once
   */
  limit?: (<T>(task: () => Promise<T>) => Promise<T>) | undefined
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
  const replay = async (source: AgentSource, name: string, on_divergence: OnDivergence): Promise<TrialReplay> => {
    // In a turn of its own, so that the pool knows of it before its turn to run has come.
    const run = await inTurn(options, async () => {
      const agent = await resolveAgent(source, scenario, recording, join(options.outDir, 'revisions'))
      const outDir = join(options.outDir, 'replays', scenario.id)
      return prepareReplay({ scenario, recording, agent, on_divergence, outDir, name }, options.pool)
    })
    return inTurn(options, run)
  }

  const broken = (error: unknown): TrialReplay => brokenReplay(recording, error)
  const [baseline, ...replays] = await Promise.all([
    replay(scenario.baseline, 'baseline', 'fail').catch(broken),
    ...scenario.candidates.map((candidate) =>
      replay(candidate.agent, `candidate-${candidate.id}`, candidate.on_divergence).catch(broken),
    ),
  ])
  const { incident, verify } = scenario
  const judged = judgeBaseline({ run: baseline.run, incident, required: verify.required_evidence })
  return {
    id: scenario.id,
    title: scenario.title,
    file: scenario.file,
    seed: scenario.replay.seed ?? recording.run.run_id,
    seeded: scenario.replay.seed !== undefined,
    baseline: reportBaseline(scenario, baseline, judged),
    candidates: scenario.candidates.map((candidate, index) =>
      reportCandidate(scenario, candidate, doubt(replays[index] as TrialReplay, baseline, recording), {
        verdict: judged.verdict,
        run: baseline.run,
        sources: baseline.result.sources,
        assumptions: options.assumptions ?? [],
        recording,
        revisions: join(options.outDir, 'revisions'),
      }),
    ),
    duration_ms: performance.now() - began,
  }
}

/** A candidate's replay without the evidence that is none for it. */
function doubt(replay: TrialReplay, baseline: TrialReplay, recording: Recording): TrialReplay {
  const { interactions, divergences } = doubtChangedQuestions(replay, baseline.interactions, recording)
  if (divergences.length === 0) return replay
  const run = {
    ...replay.run,
    interactions,
    evidence: gradeReplay(interactions, recording),
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
): CandidateReport {
  const sources = settleSources(result.sources, {
    recording: baseline.recording,
    accepted: scenario.replay.accept,
    stated: candidate.agent.env,
    cwd,
    revisions: baseline.revisions,
    baseline: baseline.sources,
  })
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

function brokenReplay(recording: Recording, error: unknown): TrialReplay {
  const failure = error instanceof Error ? error.message : String(error)
  const { hint, code } = isRetrialError(error) ? error : {}
  const end = { outcome: 'harness_error' as const, failure: explainFailure({ failure, hint, code }) }
  return {
    run: {
      trace: null,
      signals: null,
      evidence: gradeReplay([], recording),
      divergences: [],
      egress: [],
      outcome: 'harness_error',
      failure: end.failure,
      agent_error: null,
      integrity: recording.integrity,
      lossy: [],
      assumptions: [],
    },
    result: {
      end,
      divergences: [],
      egress: [],
      sources: [],
      recording: null,
      output: '',
      virtual_ms: 0,
      real_ms: 0,
      isolation: [],
    },
    interactions: [],
    hints: [],
    cwd: process.cwd(),
  }
}
