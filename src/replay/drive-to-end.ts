import type { ReplayWorld } from '../boundary/arm.ts'
import { describeError } from '../boundary/network-error.ts'
import { describeStack } from '../boundary/world/call-site.ts'
import { isRetrialError } from '../core/errors.ts'
import type { SetTimer } from '../model/verdict.ts'
import { NOT_LOADED } from './load-agent.ts'
import type { ReplayEnd } from './protocol.ts'
import type { ReplayTape } from './replay-tape.ts'

/** The agent while it runs, and what came of it. */
export interface AgentRun {
  settled: { output: unknown; error: unknown; threw: boolean } | null
  /** An error that came to no code of the agent's: it would have ended a process of its own. */
  uncaught: { error: unknown } | null
}

/** More timers than this say nothing more. */
const MOST_TIMERS = 5

/** Lets the world's time pass until the run has come to its end, and says how it did. */
export async function driveToEnd(
  world: ReplayWorld,
  tape: ReplayTape,
  run: AgentRun,
  hasDiverged: () => boolean,
  limit: number,
): Promise<ReplayEnd> {
  const isDone = (): boolean => run.settled !== null || run.uncaught !== null || hasDiverged()
  for (;;) {
    const driven = await world.drive({ isDone, limit, isHeld: () => tape.isWaiting })
    if (driven === 'done') break
    const timers = world.listTimers().slice(0, MOST_TIMERS).map(formatTimer)
    if (driven === 'limit') return { outcome: 'timeout', failure: explainLimit(limit, [...timers, ...tape.waiting]) }
    // The recorded client gave up by itself; this one would wait for ever. A network ends that some time.
    if (tape.releaseSilence()) continue
    const { waiting, last } = tape
    return { outcome: 'deadlock', waiting: [...waiting, ...timers.map(explainTimer)], ...(last !== null && { last }) }
  }
  if (hasDiverged()) return { outcome: 'diverged' }
  if (run.uncaught !== null) return crash(run.uncaught)
  const settled = run.settled
  // Of ours is only what was thrown: an error that the agent returns is its output.
  const isReturned = settled?.output === settled?.error
  if (settled?.threw && !isReturned && isRetrialError(settled.error)) return harnessError(settled.error)
  return { outcome: 'finished', agent_error: settled?.threw ? describeError(settled.error) : null }
}

/** The end of a replay whose agent brought its process down. */
export function crash({ error }: NonNullable<AgentRun['uncaught']>): ReplayEnd {
  return { outcome: 'crashed', failure: describeStack(error), agent_error: describeError(error) }
}

/** The end of a replay in which the harness broke, or that could not begin. */
export function harnessError(error: unknown): ReplayEnd {
  if (isRetrialError(error)) {
    const { message: failure, code, hint } = error
    if (code === NOT_LOADED) return { outcome: 'not_loaded', failure, code, hint }
    return { outcome: 'harness_error', failure, code, hint }
  }
  return { outcome: 'harness_error', failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

function explainLimit(limit: number, waiting: string[]): string {
  const still = waiting.length === 0 ? '' : `; still there: ${waiting.join(', ')}`
  return `the run did not end within ${limit} ms of virtual time${still}`
}

function formatTimer({ what, at }: SetTimer): string {
  return at === null ? what : `${what} at ${at}`
}

function explainTimer(timer: string): string {
  return `${timer}, though such a timer keeps no process alive`
}
