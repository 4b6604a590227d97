import { roundMs } from '../../core/clock.ts'
import { RetrialError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import type { JsonValue } from '../../core/json.ts'
import { GEN_AI, OTEL } from '../../model/gen-ai.ts'
import type { Note } from '../../model/recording.ts'
import type { RunContext, RunFinish } from '../../model/run.ts'
import type { ImportedSpan, StepType } from '../../model/trace.ts'
import type { ImportOptions, ImportResult } from '../foreign-format.ts'
import { type Message, textOf, toJson } from './message.ts'
import { NO_BYTES, plural, reportTrace } from './report-trace.ts'
import type { ForeignRun, OwnRun, Step, TraceSource } from './step.ts'

const STEP_TYPES: Record<Step['kind'], StepType> = {
  llm: 'llm_generate',
  tool: 'tool_call',
  thought: 'reasoning',
  http: 'http_request',
  embedding: 'http_request',
  agent: 'reasoning',
  other: 'reasoning',
}

/**
 * Makes an import of a run: spans with their messages in notes, one a span, so that a recording stores every message once. The run
 * can be debugged, not replayed: a trace holds no bytes.
 */
export function buildImport(foreign: ForeignRun, source: TraceSource, options: ImportOptions): ImportResult {
  const { steps } = foreign
  const times = steps.flatMap(({ started_ms, ended_ms }) => [started_ms, ended_ms]).filter((time) => time !== null)
  const first = [foreign.started_ms ?? Number.POSITIVE_INFINITY, ...times].reduce((a, b) => Math.min(a, b))
  const started_at = options.started_at ?? (Number.isFinite(first) ? first : 0)
  if (started_at > first) throw startedLater(options.path, started_at - first)
  const run_id = options.run_id ?? defaultRunId(foreign, source)
  const spans = steps.map((step, index) => toSpan(step, index, run_id, started_at))
  const last = [foreign.ended_ms ?? started_at, ...times].reduce((a, b) => Math.max(a, b))
  const run: RunContext = {
    run_id,
    trace_id: /^[0-9a-f]{32}$/i.test(foreign.source_id)
      ? foreign.source_id.toLowerCase()
      : sha256(foreign.source_id).slice(0, 32),
    ...(foreign.release !== undefined && { release: foreign.release }),
    ...(foreign.workflow !== undefined && { workflow: foreign.workflow }),
    ...(foreign.agent !== undefined && { agent: foreign.agent }),
    started_at,
  }
  const finish = finishOf(foreign, roundMs(last - started_at))
  const notes = [...traceNotes(foreign, source, spans, started_at), ...remarksOf(foreign)]
  return {
    run,
    runtime: { node: 'unknown', platform: 'unknown' },
    interactions: [],
    notes,
    input: foreign.input ?? null,
    finish,
    report: reportTrace(foreign, source, finish, times.length > 0),
  }
}

/** Makes an import of a run that is written in our own terms: spans and events as they were. */
export function buildOwnImport(
  { run, spans, events, input, finish }: OwnRun,
  options: ImportOptions,
  format: string,
): ImportResult {
  const data = { format, source_id: run.run_id, events: events as unknown as JsonValue[] }
  const run_id = options.run_id ?? run.run_id
  const steps = spans.map(({ span }) => span)
  const counts = [
    plural(steps.filter(({ step_type }) => step_type === 'llm_generate').length, 'model call'),
    plural(steps.filter(({ step_type }) => step_type === 'tool_call').length, 'tool call'),
  ]
  return {
    run: { ...run, run_id },
    runtime: { node: 'unknown', platform: 'unknown' },
    interactions: [],
    notes: [{ at_ms: 0, code: 'trace_only', message: traceOnly(format), data }, ...spanNotes(spans, run.started_at)],
    input,
    finish,
    report: { got: [counts.join(', ')], unknown: [], replayable: false, reason: NO_BYTES },
  }
}

function defaultRunId({ source_id }: ForeignRun, { digest, runs }: TraceSource): string {
  const short = digest.slice(0, 12)
  // A file of one run gives the same id as any other import of one run.
  return runs === 1 ? `run_${short}` : `run_${sha256(`${short} ${source_id}`).slice(0, 12)}`
}

function toSpan(step: Step, index: number, run_id: string, started_at: number): ImportedSpan {
  const { started_ms, ended_ms, error } = step
  const start = started_ms ?? started_at
  const all: Step['attributes'] = {
    ...step.attributes,
    ...(step.kind === 'llm' && { [OTEL.messageCount]: step.input?.length, [OTEL.answerText]: answerText(step.output) }),
  }
  const attributes = Object.entries(all).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined)
  return {
    span: {
      span_id: step.id === '' ? `s${index + 1}` : step.id,
      parent_id: step.parent,
      run_id,
      step_type: STEP_TYPES[step.kind],
      name: step.name,
      started_at_ms: start,
      latency_ms: ended_ms === null ? 0 : Math.max(0, roundMs(ended_ms - start)),
      status: error === null ? 'ok' : 'error',
      error_class: error?.type ?? null,
      attributes: Object.fromEntries(attributes),
      interactions: [],
    },
    ...(step.input !== undefined && { input_messages: toJson(step.input) }),
    ...(step.output !== undefined && { output_messages: toJson(step.output) }),
  }
}

function answerText(output: readonly Message[] | undefined): string | undefined {
  const text = output
    ?.map(textOf)
    .filter((said) => said !== '')
    .join('\n')
  return text === '' ? undefined : text
}

function traceNotes(foreign: ForeignRun, source: TraceSource, spans: ImportedSpan[], started_at: number): Note[] {
  const data: JsonValue = {
    format: source.format,
    source_id: foreign.source_id,
    ...(source.events !== undefined && { events: source.events as unknown as JsonValue[] }),
  }
  return [{ at_ms: 0, code: 'trace_only', message: traceOnly(source.format), data }, ...spanNotes(spans, started_at)]
}

function traceOnly(source: string): string {
  return `read from ${source}: spans without bodies, so this run can be debugged and not replayed`
}

function spanNotes(spans: readonly ImportedSpan[], started_at: number): Note[] {
  return spans.map((span) => ({
    at_ms: roundMs(span.span.started_at_ms - started_at),
    code: 'span',
    message: `${span.span.step_type} ${span.span.name}`,
    data: span as unknown as JsonValue,
  }))
}

function remarksOf({ remarks }: ForeignRun): Note[] {
  return (remarks ?? []).map(({ code, message, data }) => ({
    at_ms: 0,
    code,
    message,
    ...(data !== undefined && { data }),
  }))
}

function finishOf(foreign: ForeignRun, at_ms: number): RunFinish | null {
  if (foreign.finished === false) return null
  const lastModel = foreign.steps.findLast(({ kind }) => kind === 'llm')
  const reasons = [lastModel?.attributes[GEN_AI.finishReasons] ?? []].flat()
  const stop_reason =
    foreign.stop_reason ?? (lastModel?.error ? 'error' : reasons.find((one) => typeof one === 'string'))
  const said = answerText(lastModel?.output)
  return {
    at_ms,
    stop_reason: String(stop_reason ?? 'unknown'),
    output: foreign.output ?? said ?? null,
    error: foreign.error ?? null,
  }
}

function startedLater(path: string, by: number): RetrialError {
  return new RetrialError(
    'ERR_INTERCHANGE_STARTED_AT',
    `Failed to import the file: started_at is ${by} ms later than the first span`,
    { hint: 'Give the time when the run began, in milliseconds since the epoch.', location: { path } },
  )
}
