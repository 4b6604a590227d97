import { narrowToSegment } from '../model/segment.ts'
import type { Segment } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import type { Figure } from './figure.ts'
import { quantile } from './quantile.ts'

/** Tool calls of one run: how many, how many failed, and their latencies, ms. */
export interface ToolCallsOfRun {
  calls: number
  errors: number
  latencies: number[]
}

/** The tool calls of each run of a segment that made any. */
export function toolCallsOf(traces: readonly RunTrace[], segment: Segment): ToolCallsOfRun[] {
  return traces.flatMap((trace) => {
    const spans = narrowToSegment(trace, segment)?.spans.filter((span) => span.step_type === 'tool_call') ?? []
    const errors = spans.filter((span) => span.status === 'error').length
    return spans.length === 0 ? [] : [{ calls: spans.length, errors, latencies: spans.map((span) => span.latency_ms) }]
  })
}

/** The share of tool calls that failed, over the runs of a segment that called a tool. */
export function toolErrorRate(traces: readonly RunTrace[], segment: Segment = {}): Figure {
  const runs = toolCallsOf(traces, segment)
  return { value: errorShare(runs), unit: 'share', ...clustered(runs) }
}

/** The 95th percentile (type 7) of the latency of tool calls, ms, over the runs of a segment that called a tool. */
export function toolLatencyP95(traces: readonly RunTrace[], segment: Segment = {}): Figure {
  const runs = toolCallsOf(traces, segment)
  const latencies = runs.flatMap((run) => run.latencies)
  return { value: quantile(latencies, 0.95), unit: 'ms', ...clustered(runs) }
}

/** Failed calls over calls of some runs together; null without calls. */
export function errorShare(runs: readonly { calls: number; errors: number }[]): number | null {
  const calls = runs.reduce((sum, run) => sum + run.calls, 0)
  return calls === 0 ? null : runs.reduce((sum, run) => sum + run.errors, 0) / calls
}

function clustered(runs: readonly ToolCallsOfRun[]): Pick<Figure, 'n' | 'interval' | 'note'> {
  const calls = runs.reduce((sum, run) => sum + run.calls, 0)
  return {
    n: runs.length,
    interval: { lower: null, upper: null },
    note:
      calls === 0
        ? 'no tool calls'
        : `${calls} calls in ${runs.length} runs: calls of one run depend on each other, so no interval`,
  }
}
