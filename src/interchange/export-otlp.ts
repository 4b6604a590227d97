import { sha256 } from '../core/hash.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL, OWN } from '../model/gen-ai.ts'
import { isAbnormalStop } from '../model/stop-reason.ts'
import type { LogEvent, RunTrace, Span } from '../model/trace.ts'
import type { ExportFormat } from './export-format.ts'
import { groupNamedSpans, type NamedSpan, pathOf } from './trace/named-spans.ts'
import { writeKeyValues, writeNanos } from './trace/write-any-value.ts'

const INTERNAL = 1
const CLIENT = 3
const [OK, ERROR] = [1, 2]

/**
 * Writes a run as OTLP/JSON traces: one root span `invoke_agent` with the run's log as its events, a span for each step, and one for each
 * span around steps that has a name. Ids are
 * made of the run's and the step's, so the same run always gives the same text. Reading it back (`retrial import otlp`) gives
 * equal spans and events; see `docs/otel-mapping.md`.
 *
 * @example
 * ```ts
 * writeFileSync('run.otlp.json', JSON.stringify(exportOtlp(projectRun(recording))))
 * ```
 */
export function exportOtlp(trace: RunTrace): JsonObject {
  const { run_id, trace_id, workflow, agent, release } = trace.context
  const traceId = /^[0-9a-f]{32}$/.test(trace_id) ? trace_id : sha256(trace_id).slice(0, 32)
  const ids = new Map(trace.spans.map(({ span_id }) => [span_id, spanId(run_id, span_id)]))
  const root = spanId(run_id, '')
  const named = groupNamedSpans(trace.spans)
  const around = (path: readonly string[]): string => (path.length === 0 ? root : namedSpanId(run_id, path))
  const spans = [
    ...named.map((span) =>
      writeNamedSpan(span, traceId, namedSpanId(run_id, span.path), around(span.path.slice(0, -1))),
    ),
    ...trace.spans.map((span) => writeSpan(span, traceId, ids, around(pathOf(span)))),
  ]
  const resource = {
    'service.name': agent ?? workflow ?? 'agent',
    'service.version': release,
    'telemetry.sdk.name': 'retrial',
  }
  return {
    resourceSpans: [
      {
        resource: { attributes: writeKeyValues(resource) },
        scopeSpans: [{ scope: { name: 'retrial' }, spans: [writeRoot(trace, traceId, root), ...spans] }],
      },
    ],
  }
}

/** Eight bytes in hex. */
function spanId(run_id: string, span_id: string): string {
  return sha256(`${run_id}\0${span_id}`).slice(0, 16)
}

function namedSpanId(run_id: string, path: readonly string[]): string {
  return spanId(run_id, JSON.stringify(path))
}

function writeNamedSpan(span: NamedSpan, traceId: string, id: string, parent: string): JsonObject {
  const { name, operation, started_at_ms, ended_at_ms } = span
  const attributes = {
    [GEN_AI.operation]: operation ?? undefined,
    [GEN_AI.agentName]: operation === 'invoke_agent' ? name.slice(operation.length + 1) : undefined,
    [GEN_AI.workflowName]: operation === 'invoke_workflow' ? name.slice(operation.length + 1) : undefined,
  }
  return {
    traceId,
    spanId: id,
    parentSpanId: parent,
    name,
    kind: INTERNAL,
    startTimeUnixNano: writeNanos(started_at_ms),
    endTimeUnixNano: writeNanos(ended_at_ms),
    attributes: writeKeyValues(attributes),
    status: {},
  }
}

function writeRoot(trace: RunTrace, traceId: string, id: string): JsonObject {
  const { context, events, stop_reason, finished, latency_ms, input, output } = trace
  const { run_id, trace_id, agent, workflow, release, started_at } = context
  const failed = isAbnormalStop(stop_reason)
  const attributes = {
    [GEN_AI.operation]: 'invoke_agent',
    [GEN_AI.agentName]: agent,
    [GEN_AI.workflowName]: workflow,
    [GEN_AI.agentVersion]: release,
    [OTEL.errorType]: failed ? stop_reason : undefined,
    [OWN.runId]: run_id,
    [OWN.traceId]: trace_id,
    [OWN.stopReason]: stop_reason,
    [OWN.finished]: finished,
    [OWN.input]: JSON.stringify(input),
    [OWN.output]: JSON.stringify(output),
  }
  return {
    traceId,
    spanId: id,
    name: `invoke_agent ${agent ?? workflow ?? run_id}`,
    kind: INTERNAL,
    startTimeUnixNano: writeNanos(started_at),
    endTimeUnixNano: writeNanos(started_at + latency_ms),
    attributes: writeKeyValues(attributes),
    events: events.map(writeEvent),
    status: failed ? { code: ERROR, message: `ended with ${stop_reason}` } : { code: OK },
  }
}

function writeEvent({ event, at_ms, ...fields }: LogEvent): JsonObject {
  return { name: `retrial.${event}`, timeUnixNano: writeNanos(at_ms), attributes: writeKeyValues(fields) }
}

function writeSpan(span: Span, traceId: string, ids: ReadonlyMap<string, string>, around: string): JsonObject {
  const { span_id, parent_id, step_type, name, started_at_ms, latency_ms, status, error_class } = span
  const attributes = {
    ...packMessages(span.attributes),
    [OWN.spanId]: span_id,
    [OWN.parentId]: parent_id ?? undefined,
    [OWN.stepType]: step_type,
    [OWN.name]: name,
    [OWN.errorClass]: error_class ?? undefined,
    [OWN.interactions]: span.interactions,
  }
  const error = error_class ?? 'error'
  const message = span.attributes[OTEL.errorMessage]
  return {
    traceId,
    spanId: ids.get(span_id) as string,
    parentSpanId: (parent_id === null ? undefined : ids.get(parent_id)) ?? around,
    name: otelName(span),
    kind: step_type === 'llm_generate' || step_type === 'http_request' ? CLIENT : INTERNAL,
    startTimeUnixNano: writeNanos(started_at_ms),
    endTimeUnixNano: writeNanos(started_at_ms + latency_ms),
    attributes: writeKeyValues(attributes),
    events: status === 'ok' ? [] : [writeException(error, message, started_at_ms + latency_ms)],
    status: status === 'ok' ? { code: OK } : { code: ERROR, message: typeof message === 'string' ? message : error },
  }
}

/** Other tools take messages on a span as a JSON text. */
function packMessages(attributes: Span['attributes']): Span['attributes'] {
  const packed = [GEN_AI.inputMessages, GEN_AI.outputMessages].flatMap((key) => {
    const value = attributes[key]
    return value === undefined ? [] : [[key, JSON.stringify(value)] as const]
  })
  return { ...attributes, ...Object.fromEntries(packed) }
}

function writeException(type: string, message: JsonValue | undefined, at_ms: number): JsonObject {
  const attributes = { 'exception.type': type, 'exception.message': message }
  return { name: 'exception', timeUnixNano: writeNanos(at_ms), attributes: writeKeyValues(attributes) }
}

/** OpenTelemetry's names put the operation in front. */
function otelName({ step_type, name, attributes }: Span): string {
  if (step_type === 'tool_call') return `execute_tool ${name}`
  if (step_type !== 'llm_generate') return name
  const operation = attributes[GEN_AI.operation]
  return `${typeof operation === 'string' ? operation : 'chat'} ${name}`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** OTLP/JSON traces, for any backend of OpenTelemetry. */
export const otlpExport: ExportFormat = {
  name: 'otlp',
  title: 'OTLP/JSON traces',
  export(recording, { trace }) {
    const run = trace()
    return {
      text: `${JSON.stringify(exportOtlp(run))}\n`,
      kept: [`${plural(run.spans.length, 'span')}, ${plural(run.events.length, 'log event')}`],
      lost: [
        ...(recording.interactions.length > 0
          ? ['requests and answers byte for byte: the file can be debugged, not replayed']
          : []),
        'notes, what was drawn at random, and what the run ran on',
      ],
    }
  },
}
