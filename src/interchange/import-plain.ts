import { sha256 } from '../core/hash.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { ImportedSpan, LogEvent, Span } from '../model/trace.ts'
import { STEP_TYPES } from '../model/trace.ts'
import type { ForeignFile, ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { buildOwnImport } from './trace/build-import.ts'
import { text as textAt } from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { takeOne, traceFormat } from './trace/trace-format.ts'

/**
 * Reads plain spans and log events, as `retrial debug --traces --logs` takes them: JSON or JSON Lines, spans and events in one file or
 * in several. Each `run_id` is a run. They are kept as they are.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, and those of `parseTraceFile`
 */
function readPlain(text: string, options: ImportOptions): ImportResult[] {
  return readFiles([{ path: options.path, text }], options)
}

function readFiles(files: readonly ForeignFile[], options: ImportOptions): ImportResult[] {
  const entries = files.flatMap(({ path, text }) => parseTraceFile(text, path).flat()).filter(isJsonObject)
  const runs = Map.groupBy(entries.filter(isEntry), (entry) => textAt(entry, 'run_id') as string)
  if (runs.size === 0) throw notOfFormat('plain spans and events', options.path, 'no entry has a run_id')
  const own = runs.size === 1 ? options : { ...options, run_id: undefined }
  return [...runs].map(([run_id, list]) => readRun(run_id, list, own))
}

function isEntry(entry: JsonObject): boolean {
  return (
    textAt(entry, 'run_id') !== undefined &&
    (isEvent(entry) || entry.step_type !== undefined || entry.latency_ms !== undefined)
  )
}

function isEvent(entry: JsonObject): boolean {
  return typeof entry.event === 'string'
}

function readRun(run_id: string, entries: JsonObject[], options: ImportOptions): ImportResult {
  const spans = entries.filter((entry) => !isEvent(entry)).map((entry, index) => readSpan(entry, index, run_id))
  const events = entries.filter(isEvent).map((entry) => readEvent(entry, run_id))
  const times = [
    ...spans.flatMap(({ span }) => [span.started_at_ms, span.started_at_ms + span.latency_ms]),
    ...events.map(({ at_ms }) => at_ms),
  ].filter((time) => time > 0)
  const started_at = options.started_at ?? times.reduce((a, b) => Math.min(a, b), times[0] ?? 0)
  const last = times.reduce((a, b) => Math.max(a, b), started_at)
  const finish = events.findLast(({ event }) => event === 'run_finished')
  const first = entries.find((entry) => textAt(entry, 'trace_id') !== undefined)
  const about = (name: string) => entries.map((entry) => textAt(entry, name)).find((value) => value !== undefined)
  const [release, workflow, agent] = [about('release'), about('workflow'), about('agent')]
  return buildOwnImport(
    {
      run: {
        run_id,
        trace_id: textAt(first ?? {}, 'trace_id') ?? sha256(run_id).slice(0, 32),
        ...(release !== undefined && { release }),
        ...(workflow !== undefined && { workflow }),
        ...(agent !== undefined && { agent }),
        started_at,
      },
      spans,
      events,
      input: null,
      finish:
        finish === undefined
          ? null
          : {
              at_ms: last - started_at,
              stop_reason: textAt(finish as JsonObject, 'stop_reason') ?? 'unknown',
              output: null,
              error: null,
            },
    },
    options,
    'plain',
  )
}

function number(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

function readSpan(entry: JsonObject, index: number, run_id: string): ImportedSpan {
  const { span_id, parent_id, step_type, name, started_at_ms, latency_ms, status, error_class, attributes, ...rest } =
    entry
  const type = STEP_TYPES.find((known) => known === step_type) ?? 'reasoning'
  const error = typeof error_class === 'string' ? error_class : null
  const kept = isJsonObject(attributes) ? attributes : {}
  const others = Object.entries(rest).filter(([key]) => !['run_id', 'interactions', 'parent_span_id'].includes(key))
  const failed = status === 'error' || (status === undefined && error !== null)
  const span: Span = {
    span_id: typeof span_id === 'string' ? span_id : `s${index + 1}`,
    parent_id: typeof parent_id === 'string' ? parent_id : (textAt(entry, 'parent_span_id') ?? null),
    run_id,
    step_type: type,
    name: typeof name === 'string' ? name : (textAt(entry, 'tool', 'model') ?? type),
    started_at_ms: number(started_at_ms),
    latency_ms: number(latency_ms),
    status: failed ? 'error' : 'ok',
    error_class: failed ? error : null,
    // The class is the source's own word, and stays it.
    attributes: { ...Object.fromEntries(others), ...kept, ...(failed && error !== null && { 'error.type': error }) },
    interactions: [],
  }
  return { span }
}

function readEvent(entry: JsonObject, run_id: string): LogEvent {
  const at_ms = number(entry.at_ms ?? entry.timestamp_ms ?? entry.ts)
  return { ...entry, event: entry.event as LogEvent['event'], run_id, at_ms }
}

const plain = traceFormat(
  'plain',
  'plain spans and log events',
  (text) => {
    const head = text.slice(0, 65_536)
    const isOurs =
      /"step_type"\s*:|"event"\s*:\s*"(?:run_started|agent_step|tool_call|tool_result|llm_result|run_finished)"/.test(
        head,
      )
    return /"run_id"\s*:/.test(head) && isOurs
  },
  readPlain,
)

/** Plain spans and log events. Several files make one run: spans here, events there. */
export const plainFormat: ForeignFormat = {
  ...plain,
  importFiles(files, options) {
    const own = { ...options, path: files[0]?.path ?? '' }
    return takeOne(readFiles(files, own), own)
  },
}
