import { join, resolve } from 'node:path'
import pLimit from 'p-limit'
import { isRetrialError, RetrialError } from '../core/errors.ts'
import type { ScenarioReport } from '../model/verdict.ts'
import type { LiveBudget } from '../replay/live/live-desk.ts'
import { createReplayPool } from '../replay/replay-pool.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import { DEFAULT_PERTURBATION } from '../scenario/perturbation.ts'
import type { RequiredEvidence, SandboxMode, Scenario } from '../scenario/scenario.ts'
import { checkIsolation } from '../trial/check-isolation.ts'
import { isolationOf } from '../trial/run-replay.ts'
import { runTrial } from '../trial/run-trial.ts'
import { exitCodeOf } from '../verify/exit-code-of.ts'
import { checkAgents } from './check-agents.ts'
import { type OpenedRecording, openRecording } from './open-recording.ts'

export interface SuiteOptions {
  /** Replays at a time. */
  workers: number
  /**
   * How many replays are prepared while others run, each in a process that waits.
   * @default as many as there are workers
   */
  ahead?: number | undefined
  /** Where replays leave their recordings. */
  outDir: string
  /** Only scenarios and candidates of these ids; empty means all. */
  only?: readonly string[] | undefined
  /** What chance follows from, whatever the scenarios say. */
  seed?: string | undefined
  /** Whether a sandbox stands around replays, whatever the scenarios say. */
  sandbox?: SandboxMode | undefined
  /** Worst grade that still supports `fixed`, whatever the scenarios say. */
  required_evidence?: RequiredEvidence | undefined
  /** Further recordings whose answers may be used, in all scenarios. */
  evidence?: readonly string[] | undefined
  /**
   * Whether each scenario has to be red again once its candidates are reverted.
   * @default false
   */
  teeth?: boolean | undefined
  /**
   * Whom candidates may ask what nothing holds, and how much of it, in all scenarios together.
   * @default nobody
   */
  live?: LiveBudget | undefined
  /**
   * How often each fix and the unfixed agent are run against real models.
   * @default 0
   */
  samples?: number | undefined
  /**
   * Whether fixes are tried in other worlds: `true` for a set of them where a scenario names none, `false` for none whatever it names.
   * @default as the scenarios say
   */
  perturb?: boolean | undefined
}

/** What the user says instead of a scenario. */
type Adjustments = Pick<SuiteOptions, 'seed' | 'sandbox' | 'required_evidence' | 'evidence' | 'perturb'>

/** Something that was to be tried and could not be: a scenario whose file, recording or agent is not in order, an unknown id. */
export interface SuiteFault {
  /** Null when no file is to blame. */
  file: string | null
  error: RetrialError
}

export interface SuiteResult {
  reports: ScenarioReport[]
  faults: SuiteFault[]
  /** 0 pass · 1 a gate fails · 2 a scenario or recording is not in order · 3 inconclusive, or nothing ran · 4 something broke. */
  exit_code: 0 | 1 | 2 | 3 | 4
  duration_ms: number
}

/**
 * Tries every scenario, as many replays at a time as there are workers. One that fails does not stop the others.
 *
 * @param files Scenario files.
 */
export async function runSuite(files: readonly string[], options: SuiteOptions): Promise<SuiteResult> {
  const began = performance.now()
  const faults: SuiteFault[] = []
  const opened: OpenedScenario[] = []
  const unknown = new Set(options.only)
  for (const file of files) {
    try {
      const whole = adjust(loadScenario(file), options)
      const scenario = select(whole, options.only ?? [], unknown)
      if (scenario === null) continue
      checkAgents(whole, scenario)
      checkIsolation(scenario)
      opened.push({ scenario, ...(await openRecording(scenario)) })
    } catch (error) {
      faults.push({ file, error: toFault(error) })
    }
  }
  refuseTwins(opened, faults)
  for (const id of unknown) faults.push({ file: null, error: unknownId(id) })
  const limit = pLimit(options.workers)
  const jobs = opened.reduce((sum, { scenario }) => sum + 1 + countReplays(scenario), 0)
  const pool = createReplayPool({
    ahead: options.ahead ?? options.workers,
    jobs,
    cacheDir: join(options.outDir, 'cache'),
    workDir: join(options.outDir, 'work'),
    isolation: opened[0] && isolationOf(opened[0].scenario),
  })
  try {
    const reports = await Promise.all(
      opened.map(({ scenario, recording, supplements, assumptions }) =>
        runTrial(scenario, recording, {
          pool,
          outDir: options.outDir,
          limit,
          supplements,
          live: options.live,
          teeth: options.teeth,
          samples: options.samples,
          assumptions,
        }),
      ),
    )
    return { reports, faults, exit_code: exitCode(reports, faults), duration_ms: performance.now() - began }
  } finally {
    pool.close()
  }
}

/** Replays of all candidates at most. */
function countReplays({ candidates, verify }: Scenario): number {
  return candidates.length * (1 + (verify.perturb?.max_worlds ?? 0))
}

interface OpenedScenario extends OpenedRecording {
  scenario: Scenario
}

/** The scenario with what the user says instead. */
export function adjust(scenario: Scenario, settings: Adjustments): Scenario {
  const { seed, sandbox, required_evidence, evidence = [], perturb } = settings
  const instead = { ...(seed !== undefined && { seed }), ...(sandbox !== undefined && { sandbox }) }
  const worlds = perturb === true ? (scenario.verify.perturb ?? DEFAULT_PERTURBATION) : scenario.verify.perturb
  return {
    ...scenario,
    evidence: [...new Set([...scenario.evidence, ...evidence.map((path) => resolve(path))])],
    replay: { ...scenario.replay, ...instead },
    verify: {
      ...scenario.verify,
      ...(required_evidence !== undefined && { required_evidence }),
      perturb: perturb === false ? undefined : worlds,
    },
  }
}

/** The scenario with the wanted candidates only, null when nothing of it is wanted. What is found is no longer unknown. */
function select(scenario: Scenario, only: readonly string[], unknown: Set<string>): Scenario | null {
  if (only.length === 0) return scenario
  const isWanted = (...names: string[]): boolean => {
    for (const name of names) unknown.delete(name)
    return names.some((name) => only.includes(name))
  }
  const candidates = scenario.candidates.filter(({ id }) => isWanted(id, `${scenario.id}/${id}`))
  if (isWanted(scenario.id)) return scenario
  return candidates.length === 0 ? null : { ...scenario, candidates }
}

/** Two scenarios of one id would overwrite each other's replays, and nobody could tell their reports apart. */
function refuseTwins(opened: OpenedScenario[], faults: SuiteFault[]): void {
  const seen = new Map<string, string>()
  for (const entry of [...opened]) {
    const { id, file, positions } = entry.scenario
    const twin = seen.get(id)
    if (twin === undefined) seen.set(id, file)
    else {
      opened.splice(opened.indexOf(entry), 1)
      const { line, column } = positions(['id'])
      const options = { hint: 'Give each scenario an id of its own.', location: { path: file, line, column } }
      faults.push({
        file,
        error: new RetrialError('ERR_SUITE_DUPLICATE_ID', `The id ${id} is taken by ${twin}.`, options),
      })
    }
  }
}

function toFault(error: unknown): RetrialError {
  if (isRetrialError(error)) return error
  const message = error instanceof Error ? error.message : String(error)
  return new RetrialError('ERR_SUITE_INTERNAL', `The scenario could not be opened: ${message}`, {
    hint: 'Report this as a bug of retrial.',
    cause: error,
  })
}

function unknownId(id: string): RetrialError {
  return new RetrialError('ERR_SUITE_UNKNOWN_ID', `No scenario and no candidate is called ${id}.`, {
    hint: 'Name a `scenario`, a `candidate` or a `scenario/candidate` of the files that are looked at.',
  })
}

function exitCode(reports: ScenarioReport[], faults: SuiteFault[]): SuiteResult['exit_code'] {
  const code = exitCodeOf(reports)
  const codes = faults.map(({ error }) => error.code)
  if (code === 1 || codes.length === 0) return code
  if (codes.includes('ERR_SUITE_INTERNAL')) return 4
  // What was not selected was not tried: that is incomplete, and nothing is out of order.
  if (codes.every((one) => one === 'ERR_SUITE_UNKNOWN_ID')) return code === 0 ? 3 : code
  return 2
}
