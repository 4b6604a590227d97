import { randomBytes } from 'node:crypto'

/** A run id for a run that came without one: `run_` and 12 random hex digits. */
export function createRunId(): string {
  return `run_${randomBytes(6).toString('hex')}`
}

/** A W3C trace id: 32 random hex digits. */
export function createTraceId(): string {
  return randomBytes(16).toString('hex')
}
