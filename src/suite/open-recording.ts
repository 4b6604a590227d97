import { existsSync } from 'node:fs'
import { basename, dirname, relative } from 'node:path'
import { isRetrialError, RetrialError } from '../core/errors.ts'
import type { Recording } from '../model/recording.ts'
import { checkLock, LOCK_FILE } from '../recording/lock-file.ts'
import { readRecording } from '../recording/read-recording.ts'
import { holdsWorthlessAnswers, whyNoEvidence } from '../replay/why-no-evidence.ts'
import type { Scenario, ScenarioPath } from '../scenario/scenario.ts'

/** The evidence of a scenario, and what has to be taken for granted about it. */
export interface OpenedRecording {
  recording: Recording
  /** Where further answers are looked for. */
  supplements: OpenedSupplement[]
  assumptions: string[]
}

/** A further recording that a scenario names, or that pins its live answers. */
export interface OpenedSupplement {
  grade: 'pooled' | 'live'
  /** Its name in the evidence: the path, relative to the scenario. */
  label: string
  /** Absolute path. */
  recording: string
}

/**
 * Opens a scenario's recording. One without a seal may be tried (it ended in a crash, which often is the incident), but
 * its integrity goes into the verdict.
 *
 * @throws RetrialError `ERR_SUITE_TRACE_ONLY`, `ERR_SUITE_REPLAYED`, `ERR_SUITE_TOOL`, `ERR_SUITE_EVIDENCE`, `ERR_SUITE_RECORDING_CHANGED`, and those of `readRecording` and `checkLock`.
 */
export async function openRecording(scenario: Scenario): Promise<OpenedRecording> {
  const recording = await readRecording(scenario.recording, { mode: 'prefix' }).catch((error: unknown) => {
    throw pointAtScenario(error, scenario, ['recording'])
  })
  if (recording.notes.some(({ code }) => code === 'trace_only')) throw traceOnly(scenario)
  if (holdsWorthlessAnswers(recording)) throw replayed(scenario)
  checkTools(scenario, recording)
  const { status } = checkLock(scenario.recording, recording.digest ?? '')
  if (status === 'changed') throw await changed(scenario.recording)
  const name = basename(scenario.recording)
  const beside = await openSupplements(scenario)
  return {
    recording,
    supplements: beside.supplements,
    assumptions: [...(status === 'pinned' ? [] : [assumePin(name)]), ...beside.assumptions],
  }
}

function assumePin(name: string): string {
  return `${name} is what was recorded: ${LOCK_FILE} does not pin it`
}

/** A name that the recording does not hold is a mistake: nothing would come of it, and nobody would notice. */
function checkTools(scenario: Scenario, { interactions }: Recording): void {
  const wrapped = new Set(interactions.flatMap((one) => (one.kind === 'tool' ? [one.name] : [])))
  const unknown = Object.keys(scenario.replay.tools).find((name) => !wrapped.has(name))
  if (unknown === undefined) return
  const { line, column } = scenario.positions(['replay', 'tools', unknown])
  const known = [...wrapped].sort().join(', ')
  throw new RetrialError('ERR_SUITE_TOOL', `The recording holds no call of a wrapped tool \`${unknown}\`.`, {
    hint:
      known === ''
        ? 'Remove `replay.tools`: no tool of this run was wrapped by `tool(name, fn)`, so the code of all of them runs.'
        : `Name one of the wrapped tools: ${known}. The code of any other runs in a replay as it is.`,
    location: { path: scenario.file, line, column },
  })
}

/** Each is read once, whole: what is damaged, torn or another than its pin says is refused before anything is tried. */
async function openSupplements(scenario: Scenario): Promise<Pick<OpenedRecording, 'supplements' | 'assumptions'>> {
  const supplements: OpenedSupplement[] = []
  const assumptions: string[] = []
  const named = scenario.evidence.map((recording, index) => ({ grade: 'pooled' as const, recording, index }))
  const overlay = existsSync(scenario.overlay)
    ? [{ grade: 'live' as const, recording: scenario.overlay, index: -1 }]
    : []
  for (const { grade, recording: path, index } of [...named, ...overlay]) {
    const at = ['evidence', index]
    if (path === scenario.recording) throw noEvidence(scenario, path, at, 'it is that of the incident')
    const opened = await readRecording(path, { mode: 'strict' }).catch((error: unknown) => {
      throw pointAtScenario(error, scenario, at)
    })
    const why = whyNoEvidence(opened)
    if (why !== null) throw noEvidence(scenario, path, at, why)
    const { status } = checkLock(path, opened.digest ?? '')
    if (status === 'changed') throw await changed(path)
    const label = relative(scenario.dir, path)
    if (status !== 'pinned') assumptions.push(assumePin(label))
    supplements.push({ grade, label, recording: path })
  }
  return { supplements, assumptions }
}

function noEvidence(scenario: Scenario, path: string, at: ScenarioPath, why: string): RetrialError {
  const { line, column } = scenario.positions(at)
  return new RetrialError('ERR_SUITE_EVIDENCE', `${basename(path)} is no further evidence: ${why}.`, {
    hint: 'Name sealed recordings of other live runs under `evidence`.',
    location: { path: scenario.file, line, column },
  })
}

/** A recording that is not there is a mistake of the scenario. */
function pointAtScenario(error: unknown, scenario: Scenario, path: ScenarioPath): unknown {
  if (!isRetrialError(error) || error.code !== 'ERR_RECORDING_NOT_FOUND') return error
  const { line, column } = scenario.positions(path)
  return new RetrialError(error.code, error.message, {
    hint: 'Correct the path of the recording; it is relative to the scenario.',
    location: { path: scenario.file, line, column },
    cause: error,
  })
}

function replayed(scenario: Scenario): RetrialError {
  const message = 'The recording is of a replay that was given answers which prove nothing.'
  return new RetrialError('ERR_SUITE_REPLAYED', message, {
    hint: 'Name the recording of the run that went wrong.',
    location: { path: scenario.recording },
  })
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

async function changed(path: string): Promise<RetrialError> {
  const lock = `${dirname(path)}/recordings.lock.json`
  // One that was cut off says where.
  const damage = await readRecording(path).then(
    () => null,
    (error: unknown) => (isRetrialError(error) ? error : null),
  )
  const why = damage === null ? '.' : `. ${damage.message}`
  return new RetrialError('ERR_SUITE_RECORDING_CHANGED', `The recording is not the one that ${lock} pins${why}`, {
    hint: `Restore ${basename(path)}, or record it anew with \`retrial record\`, which pins it again.`,
    location: damage?.location ?? { path },
    cause: damage ?? undefined,
  })
}
