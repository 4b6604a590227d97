import { hashJson, sha256 } from '../core/hash.ts'
import type { JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { RunContext, RunFinish } from '../model/run.ts'
import type { LogEvent, Span } from '../model/trace.ts'
import { canonicalArguments, hashText } from './tools/arguments.ts'

/**
 * The log of a run of which only spans are known: what each step starts and ends with, in order of time. Where times are equal,
 * as where none are known, the order of the spans stands.
 */
export function deriveEvents(spans: readonly Span[], run: RunContext, finish: RunFinish | null): LogEvent[] {
  const { run_id, started_at } = run
  const events: LogEvent[] = [{ event: 'run_started', run_id, at_ms: started_at }]
  for (const span of spans.toSorted((a, b) => a.started_at_ms - b.started_at_ms)) {
    if (span.step_type === 'llm_generate') events.push(...modelEvents(span, run_id))
    else if (span.step_type === 'tool_call') events.push(...toolEvents(span, run_id))
  }
  events.sort((a, b) => a.at_ms - b.at_ms)
  let step = 0
  for (const event of events) if (event.event === 'agent_step') event.step = ++step
  if (finish !== null) {
    const { stop_reason } = finish
    events.push({ event: 'run_finished', run_id, at_ms: started_at + finish.at_ms, stop_reason })
  }
  return events
}

function modelEvents(span: Span, run_id: string): LogEvent[] {
  const { name: model, attributes, status, error_class, started_at_ms, latency_ms } = span
  const reasons = [attributes[GEN_AI.finishReasons] ?? null].flat()
  return [
    { event: 'agent_step', run_id, at_ms: started_at_ms, step: 0, model },
    {
      event: 'llm_result',
      run_id,
      at_ms: started_at_ms + latency_ms,
      model,
      status,
      error_class,
      finish_reason: reasons[0] ?? null,
      input_tokens: attributes[GEN_AI.inputTokens] ?? null,
      output_tokens: attributes[GEN_AI.outputTokens] ?? null,
    },
  ]
}

function toolEvents(span: Span, run_id: string): LogEvent[] {
  const { name: tool, attributes, status, error_class, started_at_ms, latency_ms } = span
  const { [GEN_AI.toolCallId]: id, [GEN_AI.toolArguments]: args, [GEN_AI.toolResult]: result } = attributes
  const base = {
    run_id,
    tool,
    ...(typeof id === 'string' && { call_id: id }),
    ...(typeof attributes[OTEL.caller] === 'string' && { tool_caller: attributes[OTEL.caller] }),
  }
  const called: LogEvent = {
    event: 'tool_call',
    at_ms: started_at_ms,
    ...base,
    // Calls of which the arguments are not known are not taken for equal.
    args_hash: args === undefined ? sha256(`unknown ${span.span_id}`) : hashArguments(args),
  }
  if (error_class === 'unfinished') return [called]
  const at_ms = started_at_ms + latency_ms
  return [called, { event: 'tool_result', at_ms, ...base, result_hash: hashResult(result), status, error_class }]
}

function hashArguments(args: JsonValue): string {
  return typeof args === 'string' ? sha256(canonicalArguments(args)) : hashJson(args)
}

function hashResult(result: JsonValue | undefined): string | null {
  if (result === undefined) return null
  return typeof result === 'string' ? hashText(result) : hashJson(result)
}
