import { readRecording } from '../recording/read-recording.ts'
import type { ReplayJob } from './protocol.ts'
import { Supplements } from './supplements.ts'

/** Reads what a job names beside its recording; undefined when it names nothing. */
export async function openSupplements(
  job: Pick<ReplayJob, 'supplements' | 'stubs' | 'volatile'>,
): Promise<Supplements | undefined> {
  const { supplements = [], stubs = [], volatile } = job
  if (supplements.length === 0 && stubs.length === 0) return undefined
  const opened = supplements.map(async ({ grade, label, recording }) => ({
    grade,
    label,
    recording: await readRecording(recording, { mode: 'strict' }),
  }))
  return new Supplements(await Promise.all(opened), stubs, volatile)
}
