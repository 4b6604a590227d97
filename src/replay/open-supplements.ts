import { readRecording } from '../recording/read-recording.ts'
import type { ReplayJob } from './protocol.ts'
import { Supplements } from './supplements.ts'

/** Reads what a job names beside its recording. */
export async function openSupplements(
  job: Pick<ReplayJob, 'supplements' | 'stubs' | 'volatile'>,
): Promise<Supplements> {
  const { supplements = [], stubs = [], volatile } = job
  const opened = supplements.map(async ({ grade, label, recording }) => ({
    grade,
    label,
    recording: await readRecording(recording, { mode: 'strict' }),
  }))
  return new Supplements(await Promise.all(opened), stubs, volatile)
}
