import { basename, dirname, join } from 'node:path'
import pLimit from 'p-limit'
import { isRetrialError, RetrialError } from '../core/errors.ts'
import type { Recording } from '../model/recording.ts'
import type { ScenarioReport } from '../model/verdict.ts'
import { checkLock } from '../recording/lock-file.ts'
import { readRecording } from '../recording/read-recording.ts'
import { createReplayPool } from '../replay/replay-pool.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { runTrial } from '../trial/run-trial.ts'
import { exitCodeOf } from '../verify/exit-code-of.ts'

export interface SuiteOptions {
  /** Replays at a time. */
  workers: number
  /** Where replays leave their recordings. */
  outDir: string
  /** Only scenarios and candidates of these ids; empty means all. */
  only?: readonly string[] | undefined
}

/** A scenario that could not be tried at all: its file or its recording is not in order. */
export interface SuiteFault {
  file: string
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
  const opened: { scenario: Scenario; recording: Recording }[] = []
  for (const file of files) {
    try {
      const scenario = select(loadScenario(file), options.only ?? [])
      if (scenario !== null) opened.push({ scenario, recording: await openRecording(scenario) })
    } catch (error) {
      faults.push({ file, error: toFault(error) })
    }
  }
  refuseTwins(opened, faults)
  const limit = pLimit(options.workers)
  const jobs = opened.reduce((sum, { scenario }) => sum + 1 + scenario.candidates.length, 0)
  const pool = createReplayPool({ ahead: options.workers, jobs, cacheDir: join(options.outDir, 'cache') })
  try {
    const reports = await Promise.all(
      opened.map(({ scenario, recording }) => runTrial(scenario, recording, { pool, outDir: options.outDir, limit })),
    )
    return { reports, faults, exit_code: exitCode(reports, faults), duration_ms: performance.now() - began }
  } finally {
    pool.close()
  }
}

/** The scenario with the wanted candidates only; null when nothing of it is wanted. */
function select(scenario: Scenario, only: readonly string[]): Scenario | null {
  if (only.length === 0 || only.includes(scenario.id)) return scenario
  const candidates = scenario.candidates.filter(({ id }) => only.includes(id) || only.includes(`${scenario.id}/${id}`))
  return candidates.length === 0 ? null : { ...scenario, candidates }
}

/**
 * Opens a scenario's recording. One without a seal may be tried (it ended in a crash, which often is the incident),
 * but its integrity goes into the verdict.
 */
async function openRecording(scenario: Scenario): Promise<Recording> {
  try {
    const recording = await readRecording(scenario.recording, { mode: 'prefix' })
    if (recording.notes.some(({ code }) => code === 'trace_only')) throw traceOnly(scenario)
    const pin = checkLock(scenario.recording, recording.digest ?? '')
    if (pin.status === 'changed') throw changed(scenario)
    return recording
  } catch (error) {
    if (!isRetrialError(error) || error.code !== 'ERR_RECORDING_NOT_FOUND') throw error
    const { line, column } = scenario.positions(['recording'])
    throw new RetrialError(error.code, error.message, {
      hint: error.hint ?? 'Correct the path of the recording.',
      location: { path: scenario.file, line, column },
      cause: error,
    })
  }
}

function traceOnly(scenario: Scenario): RetrialError {
  return new RetrialError(
    'ERR_SUITE_TRACE_ONLY',
    'The recording holds spans and logs but no answers, so it cannot be replayed.',
    {
      hint: 'Look at it with `retrial debug`, and record the incident to replay it.',
      location: { path: scenario.recording },
    },
  )
}

function changed(scenario: Scenario): RetrialError {
  const lock = `${dirname(scenario.recording)}/recordings.lock.json`
  return new RetrialError('ERR_SUITE_RECORDING_CHANGED', `The recording is not the one that ${lock} pins.`, {
    hint: `Restore ${basename(scenario.recording)}, or record it anew with \`retrial record\`, which pins it again.`,
    location: { path: scenario.recording },
  })
}

/** Two scenarios of one id would overwrite each other's replays, and nobody could tell their reports apart. */
function refuseTwins(opened: { scenario: Scenario; recording: Recording }[], faults: SuiteFault[]): void {
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

function exitCode(reports: ScenarioReport[], faults: SuiteFault[]): SuiteResult['exit_code'] {
  const code = exitCodeOf(reports)
  if (faults.length === 0 || code === 1) return code
  return faults.some(({ error }) => error.code === 'ERR_SUITE_INTERNAL') ? 4 : 2
}
