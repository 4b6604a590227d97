import type { JsonValue } from '../../src/core/json.ts'
import { GEN_AI, OTEL } from '../../src/model/gen-ai.ts'
import type { Recording } from '../../src/model/recording.ts'
import type { LogEvent, RunTrace, Span, StepType } from '../../src/model/trace.ts'

/** One step of a run, as far as a proposal looks at it. */
export interface Step {
  type: StepType
  name: string
  error?: string | undefined
  args?: string
  result?: JsonValue | undefined
  retries?: number | undefined
}

const CONTEXT = { run_id: 'run_1', trace_id: 'trace_1', started_at: 0 }

/** A run of these steps, with the log events of its tool calls. */
export function buildRun(steps: Step[], stopReason: string): RunTrace {
  return {
    context: CONTEXT,
    input: null,
    spans: steps.map(toSpan),
    events: steps.flatMap(toEvents),
    stop_reason: stopReason,
    output: null,
    latency_ms: steps.length * 100,
    finished: true,
  }
}

function toSpan(step: Step, i: number): Span {
  return {
    span_id: `s${i}`,
    parent_id: null,
    run_id: CONTEXT.run_id,
    step_type: step.type,
    name: step.name,
    started_at_ms: i * 100,
    latency_ms: 50,
    status: step.error === undefined ? 'ok' : 'error',
    error_class: step.error ?? null,
    attributes: {
      ...(step.result !== undefined && { [GEN_AI.toolResult]: step.result }),
      ...(step.retries !== undefined && { [OTEL.retries]: step.retries }),
    },
    interactions: [`c${i}`],
  }
}

function toEvents(step: Step, i: number): LogEvent[] {
  if (step.type !== 'tool_call') return []
  const base = { run_id: CONTEXT.run_id, at_ms: i * 100, tool: step.name, call_id: `call_${i}` }
  const hash = step.result === undefined ? null : JSON.stringify(step.result)
  return [
    { event: 'tool_call', ...base, args_hash: step.args ?? 'same' },
    { event: 'tool_result', ...base, result_hash: hash },
  ]
}

/** A recording of an agent, without interactions: a proposal reads only its names. */
export function buildRecording(agentRef?: string): Recording {
  return {
    format: 'retrial/1',
    run: CONTEXT,
    input: null,
    ...(agentRef !== undefined && { agent_ref: agentRef }),
    runtime: { node: 'v24.0.0', platform: 'linux' },
    redaction: null,
    interactions: [],
    notes: [],
    finish: null,
    integrity: 'sealed',
  }
}
