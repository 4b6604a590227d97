import { readRecording } from '../recording/read-recording.ts'
import type { ReplayJob } from './protocol.ts'
import { Supplements } from './supplements.ts'

/** Reads what a job names beside its recording. */
export async function openSupplements(
  job: Pick<ReplayJob, 'supplements' | 'stubs' | 'volatile' | 'counted'>,
): Promise<Supplements> {
  const { supplements = [], stubs = [], volatile, counted } = job
  const opened = supplements.map(async ({ grade, label, recording }) => ({
    grade,
    label,
    recording: await readRecording(recording, { mode: 'strict' }),
  }))
  return new Supplements(await Promise.all(opened), stubs, volatile, new Set(counted))
}
