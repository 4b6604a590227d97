import { mkdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type ShareDifference, shareDifference } from '../fleet/share-difference.ts'
import type { Recording } from '../model/recording.ts'
import type { CandidateReport, LiveSampling, Reason, SampledShare } from '../model/verdict.ts'
import { readModelRequest } from '../providers/registry.ts'
import { saveRecording } from '../recording/save-recording.ts'
import { type LiveBudget, LiveDesk } from '../replay/live/live-desk.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { gateOf } from '../verify/gate-of.ts'
import { judgeWorld } from '../verify/judge-world.ts'
import type { ReplayRequest, TrialReplay } from './run-replay.ts'
import { settleLive } from './settle-live.ts'

/** What a sample needs of the trial it belongs to. */
export interface SampledTrial {
  scenario: Scenario
  recording: Recording
  live: LiveBudget
  samples: number
  /** Folder for what the samples leave. */
  dir: string
  /** Replays one agent against a recording, with evidence beside it. */
  replay(against: { path: string; recording: Recording }, name: string, supplements: Supplements): Promise<TrialReplay>
}

type Supplements = ReplayRequest['supplements']

/**
 * Runs an agent several times against the recorded tools and the real model, each time with answers of its own, and counts how often
 * it recovers: on good evidence it meets the trigger and ends as the scenario expects, without cause and symptom. What proves nothing,
 * because the budget or the recorded tools do not reach, is undecided.
 */
export async function sampleLive(trial: SampledTrial, name: string): Promise<SampledShare> {
  const { scenario, live, samples, dir } = trial
  const against = withoutModels(trial)
  const share: SampledShare = { samples, recovered: 0, undecided: 0 }
  for (let i = 1; i <= samples; i++) {
    const overlay = join(dir, `${name}-${i}.live.jsonl`)
    rmSync(overlay, { force: true })
    const desk = new LiveDesk(overlay, trial.recording, live)
    const beside = (): Supplements =>
      desk.version === 0 ? [] : [{ grade: 'live', label: relative(scenario.dir, overlay), recording: overlay }]
    const { run } = await settleLive(() => trial.replay(against, `${name}-sample-${i}`, beside()), desk)
    const { incident, verify } = scenario
    const { expect, accept_bypass } = verify
    // What goes on without end was judged before.
    const sampled = { run: { ...run, left: [] }, incident, expect, accept_bypass, required: 'live' as const }
    // The world is the recorded one, with another model in it.
    const { outcome } = judgeWorld({ ...sampled, world: {}, inOrder: true })
    if (outcome === 'passed') share.recovered += 1
    if (outcome === 'inconclusive') share.undecided += 1
  }
  return share
}

/** The recording of the incident as far as tools go: what the model says is what is sampled. */
function withoutModels({ recording, dir }: SampledTrial): { path: string; recording: Recording } {
  const isTool = (one: Recording['interactions'][number]): boolean =>
    one.kind === 'tool' || (one.kind === 'http' && readModelRequest(one.request) === null)
  const { digest: _, ...rest } = recording
  const tools = { ...rest, interactions: recording.interactions.filter(isTool) }
  const path = join(dir, 'tools.jsonl')
  mkdirSync(dir, { recursive: true })
  saveRecording(path, tools, { overwrite: true, sync: false })
  return { path, recording: tools }
}

/**
 * Bears the verdicts `fixed` of a trial out by samples, or takes them away: a fix has to recover more often than the unfixed agent
 * does by itself.
 */
export async function bearOutBySamples<T extends Omit<CandidateReport, 'ways_out'>>(
  reports: readonly T[],
  sample: (name: string) => Promise<SampledShare>,
): Promise<T[]> {
  if (reports.every(({ verdict }) => verdict !== 'fixed')) return [...reports]
  const unfixed = await sample('baseline')
  const borne: T[] = []
  for (const report of reports) {
    if (report.verdict !== 'fixed') borne.push(report)
    else {
      const sampling = compareSamples(await sample(`candidate-${report.id}`), unfixed)
      const doubt = doubtBySamples(sampling)
      const reasons = doubt === null ? report.reasons : [doubt, ...report.reasons]
      const verdict = doubt === null ? report.verdict : 'inconclusive'
      borne.push({ ...report, sampling, reasons, verdict, gate: gateOf(verdict, report.expect) })
    }
  }
  return borne
}

/** Both shares and what lies between them. What is undecided speaks for the unfixed agent, and against the fix. */
function compareSamples(candidate: SampledShare, unfixed: SampledShare): LiveSampling {
  const difference = shareDifference(
    { successes: candidate.recovered, trials: candidate.samples },
    { successes: unfixed.recovered + unfixed.undecided, trials: unfixed.samples },
  )
  return { candidate, unfixed, difference }
}

/** Why samples do not bear a `fixed` out; null when they do. */
function doubtBySamples({ candidate, unfixed, difference }: LiveSampling): Reason | null {
  if (difference.low > 0) return null
  const message = `${describe(candidate)} with the candidate, ${describe(unfixed)} without: ${percent(difference)} may be chance`
  return { code: 'live_recovery', message }
}

function describe({ recovered, samples, undecided }: SampledShare): string {
  const open = undecided === 0 ? '' : ` (${undecided} prove nothing)`
  return `${recovered} of ${samples} live samples recover${open}`
}

function percent({ difference, low, high }: ShareDifference): string {
  const [d, l, h] = [difference, low, high].map((share) => Math.round(share * 100))
  return `a difference of ${d} % (${l} to ${h} % at 95 %)`
}
