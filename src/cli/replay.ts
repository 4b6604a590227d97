import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { resolveConfig } from '../config/resolve-config.ts'
import { RetrialError } from '../core/errors.ts'
import type { WorldFile } from '../model/world.ts'
import { findConcurrentGroups } from '../replay/order/concurrent-groups.ts'
import { isOrderMet } from '../replay/order/resolve-order.ts'
import { createReplayPool, type ReplayPool } from '../replay/replay-pool.ts'
import { giveWorld } from '../replay/worlds/give-world.ts'
import { renderExplanation } from '../report/render-explanation.ts'
import { type ReplayView, renderReplay, toReplayJson } from '../report/render-replay.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import { SANDBOX_MODES, type SandboxMode, type Scenario } from '../scenario/scenario.ts'
import { openRecording } from '../suite/open-recording.ts'
import { adjust } from '../suite/run-suite.ts'
import { checkIsolation } from '../trial/check-isolation.ts'
import { completeWorld, deriveRecording, enterWorld, worldsFolder } from '../trial/enter-world.ts'
import { type Explanation, explainDivergence, type ReplayToExplain } from '../trial/explain-divergence.ts'
import { replayBesideUnfixed } from '../trial/replay-counting.ts'
import { resolveAgent } from '../trial/resolve-agent.ts'
import { type ReplayRequest, runReplay } from '../trial/run-replay.ts'
import { settleSources } from '../trial/settle-sources.ts'
import { checkWorld, readWorld } from '../trial/world-file.ts'
import { findIncident } from '../verify/find-incident.ts'
import { chooseExitCode } from './exit-code.ts'
import { findCandidate } from './find-candidate.ts'
import { parseOrder } from './parse-order.ts'

interface ReplayOptions {
  candidate?: string
  explain?: number
  json?: boolean
  order?: string
  out?: string
  seed?: string
  sandbox?: SandboxMode
  world?: string
}

/** Adds `retrial replay`: re-executes an agent against a recording and says how good the evidence under each answer was. */
export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('re-execute the agent against its recording and grade the evidence')
    .argument('<scenario>', 'the scenario file')
    .option('--candidate <id>', 'replay this candidate (default: the baseline)')
    .option('--explain <n>', 'show the n-th divergence in full, from 1', parseNumber)
    .option('--json', 'print one JSON document')
    .option('--seed <text>', 'draw all that is random from this seed (default: what the recorded run drew)')
    .option('--order <order>', 'how concurrent answers are ordered: recorded, seed:<text>, or ids as c3,c2')
    .addOption(
      new Option('--world <file>', 'replay in the world that `verify` kept, a counterexample').conflicts([
        'seed',
        'order',
      ]),
    )
    .addOption(
      new Option('--sandbox <mode>', 'sandbox around the replay (default: as the scenario says)').choices(
        SANDBOX_MODES,
      ),
    )
    .option('--out <folder>', 'where the replay leaves its recording')
    .action(replay)
}

function parseNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Divergences are counted from 1.')
  return Number(text)
}

/** Ends of a replay that say nothing about the agent's run. */
const BROKEN = ['harness_error', 'not_loaded', 'crashed']

async function replay(file: string, options: ReplayOptions): Promise<void> {
  chooseExitCode(4)
  const config = resolveConfig({ out_dir: options.out })
  // The process starts while the scenario is read.
  const pool = createReplayPool({
    ahead: 1,
    jobs: 1,
    cacheDir: join(config.out_dir, 'cache'),
    workDir: join(config.out_dir, 'work'),
    isolation: { sandbox: options.sandbox ?? 'auto' },
  })
  try {
    await replayIn(pool, file, options, config)
  } finally {
    pool.close()
  }
}

async function replayIn(
  pool: ReplayPool,
  file: string,
  options: ReplayOptions,
  config: ReturnType<typeof resolveConfig>,
): Promise<void> {
  const kept = options.world === undefined ? null : readWorld(options.world)
  const scenario = withOrder(adjust(loadScenario(file), { ...options, evidence: kept?.evidence }), options.order)
  checkIsolation(scenario)
  const { source, name, on_divergence } = choose(scenario, options.candidate)
  const { recording, supplements } = await openRecording(scenario)
  if (kept !== null) checkWorld(options.world ?? '', kept, recording)
  const revisions = join(config.out_dir, 'revisions')
  const agent = await resolveAgent(source, scenario, recording, revisions)
  const beside = options.candidate === undefined ? {} : { supplements, stubs: scenario.stubs }
  const outDir = join(config.out_dir, 'replays', scenario.id)
  await mkdir(outDir, { recursive: true })
  const plain = { scenario, recording, agent, on_divergence, outDir, name, ...beside }
  const { request, world } = await place(plain, kept, config.out_dir)
  const { orders } = giveWorld(request.recording, { ...request.times, order: request.scenario.replay.order })
  const replayed =
    options.candidate === undefined ? runReplay(request, pool) : replayBesideUnfixed(request, pool, revisions)
  const { run, result, interactions, counted } = await replayed
  const isGood =
    run.outcome === 'finished' && run.divergences.length === 0 && run.egress.length === 0 && run.evidence.coverage === 1
  const view = {
    scenario: scenario.id,
    agent: agent.label,
    seed: request.scenario.replay.seed ?? null,
    world,
    findings:
      world === null || !run.trace || !run.signals
        ? null
        : findIncident(run.trace, run.signals, scenario.incident, run.told),
    order: orders.length === 0 ? null : { calls: orders, met: isOrderMet(orders, interactions) },
    concurrent: findConcurrentGroups(recording).map(({ calls }) => calls),
    outcome: run.outcome,
    failure: run.failure ?? null,
    stop_reason: run.trace?.stop_reason ?? null,
    evidence: run.evidence,
    divergences: run.divergences,
    egress: run.egress,
    sources: settleSources(result.sources, {
      recording,
      accepted: scenario.replay.accept,
      stated: source.env,
      cwd: agent.cwd,
      revisions,
      baseline: result.sources,
    }),
    isolation: result.isolation,
    interactions: run.interactions ?? [],
    virtual_ms: result.virtual_ms,
    real_ms: result.real_ms,
    recording: result.recording === null ? null : relative(process.cwd(), result.recording),
    output: result.output,
  }
  const toExplain = {
    scenario,
    candidate: options.candidate ?? null,
    recording,
    interactions,
    counted,
    divergences: run.divergences,
  }
  const explained = options.explain === undefined ? undefined : explain(toExplain, options.explain)
  process.stdout.write(render(view, explained, options.json === true, config.color))
  if (isGood) chooseExitCode(0)
  else if (!BROKEN.includes(run.outcome)) chooseExitCode(3)
}

/** The replay where it is asked for: in the world of a file, or in the recorded one. */
async function place(
  plain: ReplayRequest,
  kept: WorldFile | null,
  out: string,
): Promise<{ request: ReplayRequest; world: string | null }> {
  if (kept === null) return { request: plain, world: null }
  const { scenario, recording } = plain
  const world = completeWorld(kept.world, recording, scenario)
  const derived = await deriveRecording(recording, world.fault, worldsFolder(out, scenario))
  return { request: enterWorld(plain, world, derived), world: kept.name }
}

function render(view: ReplayView, explained: Explanation | undefined, isJson: boolean, color: boolean): string {
  if (isJson) return toReplayJson({ ...view, ...(explained && { explained }) })
  return explained === undefined ? renderReplay(view, { color }) : renderExplanation(explained, { color })
}

function explain(replay: ReplayToExplain, number: number): Explanation {
  const explained = explainDivergence(replay, number)
  if (explained !== undefined) return explained
  const count = replay.divergences.length
  const hint = count === 0 ? 'Leave --explain out to see how it ended.' : `Name one of 1 to ${count}.`
  throw new RetrialError('ERR_CLI_NO_DIVERGENCE', `The replay has no divergence ${number}.`, { hint })
}

function withOrder(scenario: Scenario, order: string | undefined): Scenario {
  return order === undefined ? scenario : { ...scenario, replay: { ...scenario.replay, order: parseOrder(order) } }
}

function choose(scenario: Scenario, id: string | undefined) {
  if (id === undefined)
    return { source: scenario.baseline, name: 'baseline', on_divergence: scenario.replay.on_divergence }
  const candidate = findCandidate(scenario, id)
  return { source: candidate.agent, name: `candidate-${id}`, on_divergence: candidate.on_divergence }
}
