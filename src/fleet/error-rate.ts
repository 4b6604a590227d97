import { inSegment } from '../model/segment.ts'
import type { Segment } from '../model/signal.ts'
import { isAbnormalStop, isNormalStop } from '../model/stop-reason.ts'
import type { RunTrace } from '../model/trace.ts'
import { clopperPearson } from './clopper-pearson.ts'
import type { Figure } from './figure.ts'

/**
 * True for a run that never finished, or whose stop reason names an error or a limit, or whose stop reason is unknown
 * and that has an error span. A wrong answer that ends normally is not seen: the error rate is a lower bound of failure.
 */
export function isFailedRun(trace: RunTrace): boolean {
  if (!trace.finished || isAbnormalStop(trace.stop_reason)) return true
  return !isNormalStop(trace.stop_reason) && trace.spans.some((span) => span.status === 'error')
}

/** The share of runs of a segment that failed, with its exact 95 % interval (Clopper–Pearson; runs taken as independent). */
export function errorRate(
  traces: readonly RunTrace[],
  segment: Segment = {},
  isFailed: (trace: RunTrace) => boolean = isFailedRun,
): Figure {
  const runs = traces.filter((trace) => inSegment(trace, segment))
  const failed = runs.filter(isFailed).length
  const n = runs.length
  return {
    value: n === 0 ? null : failed / n,
    unit: 'share',
    n,
    interval: n === 0 ? { lower: null, upper: null } : clopperPearson(failed, n),
    note: n === 0 ? 'no runs' : null,
  }
}
