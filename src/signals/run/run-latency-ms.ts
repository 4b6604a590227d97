import type { RunTrace } from '../../model/trace.ts'

/**
 * From the start of the run to its end, or to its last sign of life; virtual time in a replay.
 *
 * Source: the run. Unit: ms. OTel: start and end time of the root span.
 */
export function runLatencyMs(trace: RunTrace): number {
  return trace.latency_ms
}
