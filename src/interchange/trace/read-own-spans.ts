import { roundMs } from '../../core/clock.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { GEN_AI, OWN } from '../../model/gen-ai.ts'
import { type ImportedSpan, type LogEvent, STEP_TYPES, type StepType } from '../../model/trace.ts'
import { parseShallow, text } from './message.ts'
import type { RawSpan } from './raw-span.ts'
import type { OwnRun } from './step.ts'

/** The run that `retrial export otlp` wrote, from the spans of its trace; null for a trace that is not one of ours. */
export function readOwnSpans(spans: readonly RawSpan[]): OwnRun | null {
  const root = spans.find(({ attributes }) => text(attributes, OWN.runId) !== undefined)
  if (root === undefined) return null
  const { attributes: from } = root
  const [run_id, started_at] = [text(from, OWN.runId) as string, root.started_ms ?? 0]
  const release = text(from, GEN_AI.agentVersion)
  const workflow = text(from, GEN_AI.workflowName)
  const agent = text(from, GEN_AI.agentName)
  return {
    run: {
      run_id,
      trace_id: text(from, OWN.traceId) ?? root.trace_id,
      ...(release !== undefined && { release }),
      ...(workflow !== undefined && { workflow }),
      ...(agent !== undefined && { agent }),
      started_at,
    },
    spans: spans
      .filter(({ attributes }) => text(attributes, OWN.spanId) !== undefined)
      .map((span) => readSpan(span, run_id)),
    events: root.events.flatMap((event) => readEvent(event)),
    input: unwrap(from[OWN.input]),
    finish:
      from[OWN.finished] === false
        ? null
        : {
            at_ms: roundMs((root.ended_ms ?? started_at) - started_at),
            stop_reason: text(from, OWN.stopReason) ?? 'unknown',
            output: unwrap(from[OWN.output]),
            error: null,
          },
  }
}

function unwrap(value: JsonValue | undefined): JsonValue {
  return typeof value === 'string' ? (parseShallow(value) ?? null) : null
}

const HIDDEN = new Set<string>(Object.values(OWN))

function readSpan(raw: RawSpan, run_id: string): ImportedSpan {
  const { attributes: from } = raw
  const { [GEN_AI.inputMessages]: input, [GEN_AI.outputMessages]: output, ...rest } = from
  const kept = Object.entries(rest).filter(([key]) => !HIDDEN.has(key))
  const started_at_ms = raw.started_ms ?? 0
  const messages = (value: JsonValue | undefined) => (typeof value === 'string' ? parseShallow(value) : undefined)
  const [asked, answered] = [messages(input), messages(output)]
  return {
    span: {
      span_id: text(from, OWN.spanId) as string,
      parent_id: text(from, OWN.parentId) ?? null,
      run_id,
      step_type: stepType(from),
      name: text(from, OWN.name) ?? raw.name,
      started_at_ms,
      latency_ms: roundMs((raw.ended_ms ?? started_at_ms) - started_at_ms),
      status: raw.failed ? 'error' : 'ok',
      error_class: text(from, OWN.errorClass) ?? null,
      attributes: Object.fromEntries(kept),
      interactions: [from[OWN.interactions] ?? []].flat().filter((id) => typeof id === 'string'),
    },
    ...(Array.isArray(asked) && { input_messages: asked }),
    ...(Array.isArray(answered) && { output_messages: answered }),
  }
}

function stepType(from: JsonObject): StepType {
  return STEP_TYPES.find((type) => type === from[OWN.stepType]) ?? 'reasoning'
}

const EVENTS = ['run_started', 'agent_step', 'tool_call', 'tool_result', 'llm_result', 'run_finished'] as const

function readEvent({ name, attributes, at_ms }: RawSpan['events'][number]): LogEvent[] {
  const event = EVENTS.find((known) => name === `retrial.${known}`)
  if (event === undefined) return []
  return [{ ...attributes, event, run_id: text(attributes, 'run_id') ?? '', at_ms: at_ms ?? 0 }]
}
