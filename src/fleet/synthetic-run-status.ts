import type { RunTrace } from '../model/trace.ts'
import { isFailedRun } from './error-rate.ts'

/** How the newest synthetic run of each workflow went. */
export interface SyntheticRunStatus {
  /** `fail` when the newest run of any workflow failed; undefined when there is no synthetic run. */
  status: 'pass' | 'fail' | undefined
  /** Workflows that have a synthetic run. */
  n: number
  /** Ids of the newest runs that failed. */
  failed: string[]
}

/** True for a run that a probe made and no user: OTel attribute `user_agent.synthetic.type`, or a workflow named `synthetic…`. */
export function isSyntheticRun(trace: RunTrace): boolean {
  return (
    /^synthetic\b/.test(trace.context.workflow ?? '') ||
    trace.spans.some((span) => typeof span.attributes['user_agent.synthetic.type'] === 'string')
  )
}

/** Whether the newest synthetic run of every workflow passed; older ones and runs of users are not looked at. */
export function syntheticRunStatus(
  traces: readonly RunTrace[],
  isSynthetic: (trace: RunTrace) => boolean = isSyntheticRun,
): SyntheticRunStatus {
  const newest = new Map<string | undefined, RunTrace>()
  for (const trace of traces.filter(isSynthetic)) {
    const { workflow, started_at } = trace.context
    const known = newest.get(workflow)
    if (known === undefined || started_at >= known.context.started_at) newest.set(workflow, trace)
  }
  const failed = [...newest.values()].filter(isFailedRun).map((trace) => trace.context.run_id)
  return { status: newest.size === 0 ? undefined : failed.length > 0 ? 'fail' : 'pass', n: newest.size, failed }
}
