import { rm } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { quoteForShell } from '../core/quote-for-shell.ts'
import { clopperPearson } from '../fleet/clopper-pearson.ts'
import type { Recording } from '../model/recording.ts'
import type { CandidateReport, Counterexample, WorldReport, WorldsReport } from '../model/verdict.ts'
import { nameWorld, type World } from '../model/world.ts'
import { listWorlds } from '../replay/worlds/list-worlds.ts'
import { listSimplerWorlds } from '../replay/worlds/simpler-worlds.ts'
import type { Scenario, ScenarioCandidate } from '../scenario/scenario.ts'
import { projectRun } from '../trace/project-run.ts'
import { gateOf } from '../verify/gate-of.ts'
import { refuteByWorld } from '../verify/refute-by-world.ts'
import { findTriggerCalls } from '../verify/roles/find-trigger-calls.ts'
import { completeWorld, worldsFolder } from './enter-world.ts'
import type { TrialReplay } from './run-replay.ts'
import type { WorldRunner } from './run-world.ts'
import { saveWorld } from './world-file.ts'

/** A candidate that is fixed in the recorded world. */
export interface FixedCandidate {
  candidate: ScenarioCandidate
  report: CandidateReport
  /** What it did in the recorded world. */
  replay: TrialReplay
}

export interface PerturbOptions {
  scenario: Scenario
  recording: Recording
  outDir: string
  /** Tries a candidate in a world. */
  run: WorldRunner
}

/** Most replays to make a counterexample smaller. */
const MOST_ATTEMPTS = 24

const CONFIDENCE = 0.95

/**
 * Tries a fix in the other worlds that the scenario asks for. What is not `fixed`, and any candidate of a scenario that asks
 * for none, is left as it is. Never rejects.
 */
export async function perturb(fixed: FixedCandidate, options: PerturbOptions): Promise<CandidateReport> {
  const { report } = fixed
  const { scenario } = options
  if (scenario.verify.perturb === undefined) return report
  await rm(worldFileOf(options, fixed), { force: true })
  if (report.verdict !== 'fixed') return report
  try {
    return refuteByWorld(report, await tryWorlds(fixed, options))
  } catch (error) {
    const message = `the harness broke: ${error instanceof Error ? error.message : String(error)}`
    const reasons = [{ code: 'harness_error', message }, ...report.reasons]
    return { ...report, verdict: 'error', gate: gateOf('error', report.expect), reasons }
  }
}

async function tryWorlds(fixed: FixedCandidate, options: PerturbOptions): Promise<WorldsReport> {
  const { scenario, recording, run } = options
  const { replay, verify, incident } = scenario
  const listed = listWorlds({
    recording,
    perturb: verify.perturb as NonNullable<typeof verify.perturb>,
    base: { order: replay.order, seed: replay.seed, clock: replay.clock, time_zone: recording.runtime.timezone },
    trigger: findTriggerCalls(incident.trigger, projectRun(recording).spans, recording.interactions),
    draws: fixed.replay.result.draws,
  })
  const list = await Promise.all(listed.worlds.map((world) => tryWorld(world, fixed, run)))
  const failed = list.filter(({ outcome }) => outcome === 'failed')
  const passed = list.filter(({ outcome }) => outcome === 'passed').length
  const decided = passed + failed.length
  const { upper } = clopperPearson(failed.length, decided, { confidence: CONFIDENCE, sides: 'upper' })
  const { skipped, left_out, orders } = listed
  return {
    tried: list.length,
    passed,
    failed: failed.length,
    inconclusive: list.length - decided,
    upper_bound: decided === 0 ? null : upper,
    confidence: CONFIDENCE,
    left_out,
    orders,
    skipped,
    list,
    counterexample: failed[0] === undefined ? null : await explain(failed[0], list, fixed, options),
  }
}

async function tryWorld(world: World, { candidate }: FixedCandidate, run: WorldRunner): Promise<WorldReport> {
  const { outcome, reasons } = await run(candidate, world)
  return { name: nameWorld(world), world, outcome, reasons }
}

/** Makes a counterexample as small as it gets, and keeps it. */
async function explain(
  found: WorldReport,
  tried: readonly WorldReport[],
  fixed: FixedCandidate,
  options: PerturbOptions,
): Promise<Counterexample> {
  const { scenario, recording, run } = options
  const smallest = await shrink(found, tried, fixed, options)
  const world = completeWorld(smallest.world, recording, scenario)
  const file = worldFileOf(options, fixed)
  const { id } = fixed.candidate
  const { name } = smallest
  const { evidence } = scenario
  const content = { scenario: scenario.id, candidate: id, recording: recording.digest ?? '', evidence, world }
  await saveWorld(file, { format: 'retrial-world/1', name, ...content })
  const out = relative(process.cwd(), resolve(options.outDir))
  const where = out === '.retrial' ? '' : ` --out ${quoteForShell(out)}`
  const paths = [scenario.file, file].map((path) => quoteForShell(relative(process.cwd(), path)))
  return {
    ...smallest,
    file,
    recording: (await run.derive(world))?.path ?? null,
    command: `retrial replay ${paths[0]} --candidate ${id} --world ${paths[1]}${where}`,
  }
}

async function shrink(
  found: WorldReport,
  tried: readonly WorldReport[],
  fixed: FixedCandidate,
  { recording, run }: PerturbOptions,
): Promise<WorldReport> {
  const known = new Map(tried.map((one) => [one.name, one]))
  let smallest = found
  for (let attempts = 0; ; ) {
    let smaller: WorldReport | null = null
    for (const world of listSimplerWorlds(recording, smallest.world, MOST_ATTEMPTS)) {
      const name = nameWorld(world)
      if (!known.has(name) && attempts++ >= MOST_ATTEMPTS) break
      const report = known.get(name) ?? (await tryWorld(world, fixed, run))
      known.set(name, report)
      if (report.outcome !== 'failed') continue
      smaller = report
      break
    }
    if (smaller === null) return smallest
    smallest = smaller
  }
}

function worldFileOf({ outDir, scenario }: PerturbOptions, { candidate }: FixedCandidate): string {
  return join(worldsFolder(outDir, scenario), `${candidate.id}.json`)
}
