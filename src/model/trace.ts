import type { JsonValue } from '../core/json.ts'
import type { RunContext } from './run.ts'

export const STEP_TYPES = ['llm_generate', 'tool_call', 'reasoning', 'http_request'] as const
export type StepType = (typeof STEP_TYPES)[number]

/** One step of a run, projected from its interactions or imported. */
export interface Span {
  span_id: string
  parent_id: string | null
  run_id: string
  step_type: StepType
  /** The tool, the model, or `METHOD host/path`. */
  name: string
  /** Milliseconds since the epoch. */
  started_at_ms: number
  latency_ms: number
  status: 'ok' | 'error'
  /** `timeout`, `rate_limit`, `server_error`, …; null when the status is ok. */
  error_class: string | null
  /** OpenTelemetry attributes (`gen_ai.*`, `error.type`, `http.*`). */
  attributes: Record<string, JsonValue>
  /** Ids of the interactions this span was read from. */
  interactions: string[]
}

/**
 * A span of another tool's trace. Its messages stand beside it, so that a recording stores each of them once; a reader
 * finds them in the attributes `gen_ai.input.messages` and `gen_ai.output.messages`. `error_class` may be the source's own word.
 */
export interface ImportedSpan {
  span: Span
  input_messages?: JsonValue[] | undefined
  output_messages?: JsonValue[] | undefined
}

/** One event of a run's log. */
export interface LogEvent {
  event: 'run_started' | 'agent_step' | 'tool_call' | 'tool_result' | 'llm_result' | 'run_finished'
  run_id: string
  /** Milliseconds since the epoch. */
  at_ms: number
  tool?: string
  call_id?: string
  /** SHA-256 of the canonical JSON of the arguments. */
  args_hash?: string
  /** Hash of what the tool gave back; null when it is not known. */
  result_hash?: string | null
  stop_reason?: string
  [key: string]: JsonValue | undefined
}

/** A run as spans and log events: what signals are a function of. */
export interface RunTrace {
  context: RunContext
  input: JsonValue
  spans: Span[]
  events: LogEvent[]
  stop_reason: string
  output: JsonValue
  /** From the start of the run to its end (or to its last sign of life), ms. */
  latency_ms: number
  /** False when the recording ends before the run did. */
  finished: boolean
}
