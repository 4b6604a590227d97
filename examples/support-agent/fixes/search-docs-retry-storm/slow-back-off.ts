import { converse, released } from '../../agent.ts'
import { sleep } from '../../model.ts'
import type { Session, SupportInput, SupportOutput } from '../../types.ts'
import { replyFromPolicies } from './policy-reply.ts'

export interface BackOffParams {
  /** Pause after each failed search, ms; the agent falls back after the last. */
  back_off_ms?: number[]
}

/** Gives the docs service time to recover after each failed search, then falls back. The customer waits that long too. */
export function run(input: SupportInput, { back_off_ms = [30_000, 60_000] }: BackOffParams = {}) {
  return converse(input, { ...released, afterTools: (session) => backOffOrFallBack(session, back_off_ms) })
}

async function backOffOrFallBack(session: Session, pauses: number[]): Promise<SupportOutput | undefined> {
  const failures = session.calls.filter((call) => call.name === 'search_docs' && !call.ok).length
  if (failures === 0) return undefined
  await sleep(pauses[failures - 1] ?? 0)
  return failures >= pauses.length ? replyFromPolicies(session) : undefined
}
