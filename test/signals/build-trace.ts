import type { JsonValue } from '../../src/core/json.ts'
import type { LogEvent, RunTrace, Span } from '../../src/model/trace.ts'

const START = 1_760_000_000_000

/** A span of type `tool_call`, but for what is given; `at` is the offset of its start. */
export function span(id: string, fields: Partial<Span> & { at?: number } = {}): Span {
  const { at = 0, ...rest } = fields
  return {
    span_id: id,
    parent_id: null,
    run_id: 'run_1',
    step_type: 'tool_call',
    name: 'search',
    started_at_ms: START + at,
    latency_ms: 10,
    status: rest.error_class == null ? 'ok' : 'error',
    error_class: null,
    attributes: {},
    interactions: [],
    ...rest,
  }
}

/** A span of type `llm_generate` with attributes. */
export function llm(id: string, at: number, attributes: Record<string, JsonValue> = {}): Span {
  return span(id, { at, step_type: 'llm_generate', name: 'gpt-4o', attributes })
}

/** Events of the same names: `call('search', 'a')`. */
export function call(tool: string, args_hash: string, rest: Partial<LogEvent> = {}): LogEvent {
  return { event: 'tool_call', run_id: 'run_1', at_ms: START, tool, args_hash, ...rest }
}

export function result(call_id: string, result_hash: string | null): LogEvent {
  return { event: 'tool_result', run_id: 'run_1', at_ms: START, call_id, result_hash }
}

export function trace(
  fields: Partial<Omit<RunTrace, 'context'>> & { context?: Partial<RunTrace['context']> } = {},
): RunTrace {
  const { context, ...rest } = fields
  return {
    context: { run_id: 'run_1', trace_id: '0'.repeat(32), started_at: START, ...context },
    input: 'question',
    spans: [],
    events: [],
    stop_reason: 'completed',
    output: 'answer',
    latency_ms: 1000,
    finished: true,
    ...rest,
  }
}
