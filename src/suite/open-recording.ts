import { basename, dirname } from 'node:path'
import { isRetrialError, RetrialError } from '../core/errors.ts'
import type { Recording } from '../model/recording.ts'
import { checkLock, LOCK_FILE } from '../recording/lock-file.ts'
import { readRecording } from '../recording/read-recording.ts'
import type { Scenario } from '../scenario/scenario.ts'

/** The evidence of a scenario, and what has to be taken for granted about it. */
export interface OpenedRecording {
  recording: Recording
  assumptions: string[]
}

/**
 * Opens a scenario's recording. One without a seal may be tried (it ended in a crash, which often is the incident), but
 * its integrity goes into the verdict.
 *
 * @throws RetrialError `ERR_SUITE_TRACE_ONLY`, `ERR_SUITE_RECORDING_CHANGED`, and those of `readRecording` and `checkLock`.
 */
export async function openRecording(scenario: Scenario): Promise<OpenedRecording> {
  const recording = await readRecording(scenario.recording, { mode: 'prefix' }).catch((error: unknown) => {
    throw pointAtScenario(error, scenario)
  })
  if (recording.notes.some(({ code }) => code === 'trace_only')) throw traceOnly(scenario)
  const { status } = checkLock(scenario.recording, recording.digest ?? '')
  if (status === 'changed') throw await changed(scenario)
  const name = basename(scenario.recording)
  return {
    recording,
    assumptions: status === 'pinned' ? [] : [`${name} is what was recorded: ${LOCK_FILE} does not pin it`],
  }
}

/** A recording that is not there is a mistake of the scenario. */
function pointAtScenario(error: unknown, scenario: Scenario): unknown {
  if (!isRetrialError(error) || error.code !== 'ERR_RECORDING_NOT_FOUND') return error
  const { line, column } = scenario.positions(['recording'])
  return new RetrialError(error.code, error.message, {
    hint: 'Correct the path of the recording; it is relative to the scenario.',
    location: { path: scenario.file, line, column },
    cause: error,
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

async function changed({ recording: path }: Scenario): Promise<RetrialError> {
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
