import { mkdir, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Interaction } from '../model/interaction.ts'
import type { Chance, Integrity, Recording } from '../model/recording.ts'
import type { Reason } from '../model/verdict.ts'
import { readRecording } from '../recording/read-recording.ts'
import type { ReplayOrder } from '../replay/order/resolve-order.ts'
import type { ReplayIsolation, ReplayJob } from '../replay/protocol.ts'
import { buildReplayEnvironment } from '../replay/replay-environment.ts'
import type { ReplayPool } from '../replay/replay-pool.ts'
import type { ReplayResult } from '../replay/replay-worker.ts'
import type { OnDivergence, Scenario } from '../scenario/scenario.ts'
import { computeSignals } from '../signals/compute-signals.ts'
import { projectRun } from '../trace/project-run.ts'
import { findToldSpans, groundTrigger, type TriggerGround } from '../verify/roles/ground-trigger.ts'
import type { TrialRun } from '../verify/trial-run.ts'
import { adoptDeadlines } from './adopt-deadlines.ts'
import { assumeStandIns, assumeSupplements, assumeTelemetry, assumeTold } from './assume-supplements.ts'
import { gradeRun, withoutRuns } from './grade-replay.ts'
import { hintAtEnvironment, hintAtInput } from './hint-at-environment.ts'
import type { RunnableAgent } from './resolve-agent.ts'

export interface ReplayRequest {
  scenario: Scenario
  recording: Recording
  agent: RunnableAgent
  on_divergence: OnDivergence
  /** Folder for the replay's own recording. */
  outDir: string
  /** Recordings whose answers may be used where the scenario's has none. */
  supplements?: ReplayJob['supplements']
  /** Answers that are assumed. */
  stubs?: ReplayJob['stubs']
  /** Headers that are part of the question beside those that always are. @default none */
  counted?: readonly string[] | undefined
  /** `baseline`, or the candidate's id: the name of that recording. */
  name: string
  /** Times of the world that the scenario does not know: when the run begins, how long answers take. */
  times?: Pick<ReplayJob, 'latency' | 'started_at'> | undefined
  /**
   * What the trigger of the incident rests on.
   * @default as `recording` has it
   */
  ground?: TriggerGround | undefined
}

/** One replay under trial: what the verifier judges, and what the report shows beside it. */
export interface TrialReplay {
  run: TrialRun
  result: ReplayResult
  /** Of the replay's own recording; none when it left none. */
  interactions: Interaction[]
  /** That recording, whole or as far as it came; null when it left none. */
  replayed: Recording | null
  /** What it drew at random. */
  chance?: Chance | undefined
  /** What may help where something broke; no argument for a verdict. */
  hints: Reason[]
  /** Folder in which it was run. */
  cwd: string
  /** Headers that were part of the question beside those that always are. */
  counted: readonly string[]
  /** Headers that every run sends otherwise. */
  free?: ReadonlySet<string> | undefined
}

/** Replays one agent against the scenario's recording and reads what it left. */
export async function runReplay(request: ReplayRequest, pool: ReplayPool): Promise<TrialReplay> {
  return (await prepareReplay(request, pool))()
}

/** Announces a replay to the pool, which may load the agent meanwhile; what comes back runs it. */
export async function prepareReplay(request: ReplayRequest, pool: ReplayPool): Promise<() => Promise<TrialReplay>> {
  const { scenario, recording, agent, outDir, name } = request
  const kept = resolve(outDir, `${name}.jsonl`)
  // Another `retrial` may be at work on the same folder: what is judged is this process's own.
  const out = `${kept}.${process.pid}`
  await mkdir(outDir, { recursive: true })
  // A replay that is killed leaves no recording, and must not be taken for the one before it.
  await Promise.all([kept, `${kept}.part`].map((path) => rm(path, { force: true })))
  const env = buildReplayEnvironment(recording, agent.env)
  const input = scenario.input === undefined ? recording.input : scenario.input
  const prepared = pool.prepare(
    {
      recording: scenario.recording,
      mode: recording.integrity === 'sealed' ? 'strict' : 'prefix',
      agent: { module: agent.module, export: agent.export },
      agent_ref: agent.label,
      input,
      params: agent.params,
      env,
      cwd: agent.cwd,
      volatile: scenario.replay.volatile,
      counted: request.counted,
      inside: Object.keys(scenario.replay.tools).filter((name) => scenario.replay.tools[name] === 'inside'),
      on_divergence: request.on_divergence === 'stale' ? 'stale' : 'fail',
      supplements: request.supplements,
      stubs: request.stubs,
      out,
      max_virtual_ms: scenario.replay.max_virtual_ms,
      clock: scenario.replay.clock,
      seed: scenario.replay.seed,
      order: scenario.replay.order,
      ...request.times,
      isolation: isolationOf(scenario),
      label: `${scenario.id}/${name}`,
    },
    scenario.replay.max_real_ms,
    scenario.replay.max_memory_mb,
  )
  return async () => {
    const result = await prepared.run()
    const left =
      result.recording === null
        ? null
        : await readRecording(result.recording, { mode: 'prefix', base: recording }).catch(() => null)
    const replayed = left && adoptDeadlines(left, recording)
    const run = readRun(request, result, replayed)
    const hints = [...hintAtEnvironment(run, result, recording, env), ...hintAtInput(run, scenario.input, input)]
    const settled = { ...result, recording: await keep(result.recording, out, kept) }
    return {
      run,
      result: settled,
      interactions: replayed?.interactions ?? [],
      replayed,
      chance: replayed?.chance,
      hints,
      cwd: agent.cwd,
      counted: request.counted ?? [],
    }
  }
}

/** The walls that a scenario asks for. */
export function isolationOf({ replay }: Scenario): ReplayIsolation {
  const { permission, addons, sandbox, scratch } = replay
  return { permission: permission === 'on', addons, sandbox, scratch }
}

/** Puts a replay's recording, whole or as far as it came, where a reader looks for it. */
async function keep(recording: string | null, out: string, kept: string): Promise<string | null> {
  if (recording === null) return null
  const path = kept + recording.slice(out.length)
  await rename(recording, path)
  return path
}

function readRun(
  { recording, agent, scenario, ground = readGround(scenario, recording) }: ReplayRequest,
  result: ReplayResult,
  replayed: Recording | null,
): TrialRun {
  const { end, divergences, egress } = result
  const trace = replayed && projectRun(replayed)
  const interactions = replayed?.interactions ?? []
  const { trigger } = scenario.incident
  const told = findToldSpans(trigger, ground, trace?.spans ?? [], interactions)
  return {
    trace,
    told,
    signals: trace && computeSignals(trace),
    evidence: gradeRun({ interactions, trace, told }, recording, scenario),
    interactions: withoutRuns(interactions),
    divergences,
    egress,
    outcome: end.outcome,
    failure: failureOf(end),
    agent_error: ('agent_error' in end ? end.agent_error : null) ?? null,
    integrity: worse(recording.integrity, replayed?.integrity ?? 'torn'),
    lossy: lossyOf(recording, replayed),
    missing: missingOf(recording),
    left: result.left,
    assumptions: [
      ...agent.assumptions,
      ...assumeTime(scenario),
      ...assumeIsolation(scenario),
      ...assumeStandIns(interactions),
      ...assumeSupplements(interactions),
      ...assumeTelemetry(replayed),
      ...assumeTold(trigger, ground),
    ],
  }
}

/** What the trigger of a scenario rests on in a recorded run. */
export function readGround({ incident }: Scenario, recording: Recording): TriggerGround {
  return groundTrigger(incident.trigger, projectRun(recording).spans, recording.interactions)
}

function assumeTime({ replay }: Scenario): string[] {
  return [
    ...(replay.clock === 'virtual'
      ? []
      : ['replay.clock real: time was not controlled, so waits and the order of events are those of this machine']),
    ...(replay.order === undefined
      ? []
      : [
          `replay.order ${formatOrder(replay.order)}: the order of concurrent answers was set, and is not the recorded one`,
        ]),
  ]
}

function formatOrder(order: ReplayOrder): string {
  if (typeof order === 'string') return order
  return 'seed' in order ? `seed ${order.seed}` : order.join(', ')
}

function assumeIsolation({ replay }: Scenario): string[] {
  const { permission, addons, scratch } = replay
  return [
    ...(permission === 'on' ? [] : ['replay.permission off: the guard alone keeps the agent from the system']),
    ...(addons ? ['replay.addons: native code runs past the guard, and only a sandbox holds it'] : []),
    ...(scratch === undefined
      ? []
      : ['replay.scratch: files that are there from before, or from another replay, are seen']),
  ]
}

function failureOf(end: ReplayResult['end']): string | undefined {
  if (end.outcome === 'deadlock') {
    const { waiting, last } = end
    const nothing =
      'no call is open and no timer is set, so it waits for a promise, an event or a lock that is nobody’s'
    const what = waiting.length === 0 ? nothing : ['it waits for', ...waiting].join(waiting.length === 1 ? ' ' : '\n  ')
    return last === undefined ? what : `${what}\nits last call was ${last}`
  }
  if (!('failure' in end)) return undefined
  return 'code' in end ? explainFailure(end) : end.failure
}

/** What broke, with what to do about it, in one text. */
export function explainFailure(error: {
  failure: string
  hint?: string | undefined
  code?: string | undefined
}): string {
  const code = error.code === undefined ? '' : ` [${error.code}]`
  return `${error.failure}${error.hint === undefined ? '' : ` ${error.hint}`}${code}`
}

const INTEGRITIES: Integrity[] = ['sealed', 'unsealed', 'torn']

function worse(a: Integrity, b: Integrity): Integrity {
  return INTEGRITIES[Math.max(INTEGRITIES.indexOf(a), INTEGRITIES.indexOf(b))] ?? 'torn'
}

/** Where a call stands that JSON could not hold whole, and that the replay matched all the same. */
function lossyOf(recording: Recording, replayed: Recording | null): string[] {
  const served = new Set(replayed?.interactions.map(({ evidence }) => evidence?.source))
  return recording.interactions.flatMap((interaction) =>
    interaction.kind !== 'http' && interaction.lossy && served.has(interaction.id)
      ? [`${interaction.id} ${interaction.kind} ${interaction.name}`]
      : [],
  )
}

/** What the recording itself says is not in it. */
function missingOf({ notes }: Recording): string[] {
  return notes.filter(({ code }) => code === 'not_recorded' || code === 'dropped').map(({ message }) => message)
}
