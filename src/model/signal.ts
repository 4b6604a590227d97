import type { JsonValue } from '../core/json.ts'
import type { Span } from './trace.ts'

/** Every signal of one run. Each is computed by one function of `signals/`, named after it. */
export interface Signals {
  /** First span with status `error`, by start; a pointer, not the cause. */
  first_error_span: Span | null
  /** Span with the largest latency. */
  slowest_span: Span | null
  stop_reason: string
  /** Class of the first error span; null without one. */
  error_class: string | null
  /** Error spans by class. */
  error_classes: Record<string, number>
  /** Per tool: calls whose arguments were seen before. */
  repeated_tool_calls: Record<string, number>
  /** Per tool: repeats that also got the same result again (a repeat with a new result is polling). */
  repeated_same_result: Record<string, number>
  /** Model calls, tool calls and plain requests: the number of spans that are not nested in another. */
  steps: number
  llm_calls: number
  tool_calls: number
  /** Tools in the order of their calls. */
  tool_sequence: string[]
  input_tokens: number
  output_tokens: number
  /** Attempts beyond the first of the same model or HTTP request, by span name. */
  retries: Record<string, number>
  /** Longest cycle of tool calls that came at least twice in a row: its length in calls; 0 without one. */
  loop_length: number
  /** Model answers that ended for lack of tokens. */
  truncated_answers: number
  /** Tool calls whose arguments are not valid JSON. */
  malformed_tool_arguments: number
  /** Calls of tools that the request did not offer. */
  unknown_tools: number
  /** Messages of the longest request over messages of the first; 1 without growth. */
  context_growth: number
  /** The first error and the errors that merely followed from it. */
  error_cascade: { first: string | null; followed: number }
  /** Virtual in a replay, ms. */
  run_latency_ms: number
}

/** Which runs a fleet signal is about; a missing key means any. */
export interface Segment {
  release?: string | undefined
  workflow?: string | undefined
  model?: string | undefined
  tool?: string | undefined
}

/** Numbers about many runs, as a metrics store gives them. Deltas are new minus old; a missing one means unknown. */
export interface MetricsSnapshot {
  run_latency_p95_ms?: number | undefined
  /** @default 2500 */
  slo_latency_ms?: number | undefined
  release_error_rate_delta?: number | undefined
  run_latency_p95_delta_ms?: number | undefined
  tool_latency_p95_delta_ms?: number | undefined
  tool_error_rate_delta?: number | undefined
  error_rate_delta?: number | undefined
  /** Positive when the new release is worse. */
  release_diff?: number | undefined
  synthetic_run_status?: 'pass' | 'fail' | undefined
  health_score_delta?: number | undefined
}

/** A guess that evidence supports, and what to look at next. */
export interface Hypothesis {
  code: string
  statement: string
  /** What it rests on: span ids, counts, metric values. */
  evidence: JsonValue
  /** What to check next, one imperative sentence each. */
  checks: string[]
}
