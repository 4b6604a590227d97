import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { buildOwnImport } from './trace/build-import.ts'
import { groupSpans } from './trace/group-spans.ts'
import { importSpans } from './trace/import-spans.ts'
import { field, objectAt, objectsAt, text as textAt, unpack } from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { type RawEvent, type RawSpan, readAnyValue, readKeyValues, readNanos } from './trace/raw-span.ts'
import { readOwnSpans } from './trace/read-own-spans.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads OTLP/JSON: an export of traces, a list of them, or JSON Lines as the collector's file exporter writes them. Each trace is a
 * run. Log records stand with the spans that they name. What `retrial export otlp` wrote comes back as it was.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, `ERR_INTERCHANGE_NO_STEPS`, and those of `parseTraceFile`
 */
function readOtlp(text: string, options: ImportOptions): ImportResult[] {
  const values = parseTraceFile(text, options.path).flat().filter(isJsonObject)
  const spans = withLogs(values.flatMap(readExport), values)
  if (spans.length === 0) throw notOfFormat('OTLP/JSON', options.path, 'it holds no resourceSpans with spans')
  const traces = Map.groupBy(spans, ({ trace_id }) => trace_id)
  const own = [...traces.values()].map(readOwnSpans)
  // A file that we wrote holds nothing else.
  if (own.every((run) => run !== null)) return own.map((run) => buildOwnImport(run, options, 'otlp'))
  return importSpans(groupSpans(spans), 'otlp', text, options)
}

/** The spans of one export; Tempo's older name for its parts is taken too. */
export function readExport(value: JsonObject): RawSpan[] {
  const data = objectAt(value, 'data', 'trace') ?? value
  return objectsAt(data, 'resourceSpans', 'resource_spans', 'batches').flatMap((part) => {
    const resource = readKeyValues(objectAt(part, 'resource')?.attributes)
    const scopes = objectsAt(part, 'scopeSpans', 'scope_spans', 'instrumentationLibrarySpans')
    return scopes.flatMap((scope) => {
      const name = textAt(objectAt(scope, 'scope', 'instrumentationLibrary') ?? {}, 'name') ?? ''
      return objectsAt(scope, 'spans').map((span) => readOtlpSpan(span, resource, name))
    })
  })
}

/** Spans with the log records that name them as events: messages and exceptions are told either way. */
function withLogs(spans: RawSpan[], values: readonly JsonObject[]): RawSpan[] {
  const logs = Map.groupBy(values.flatMap(readLogs), ({ key }) => key)
  if (logs.size === 0) return spans
  return spans.map((span) => {
    const own = logs.get(`${span.trace_id} ${span.span_id}`)?.map(({ event }) => event) ?? []
    return own.length === 0 ? span : { ...span, events: [...span.events, ...own] }
  })
}

function readLogs(value: JsonObject): { key: string; event: RawEvent }[] {
  const scopes = objectsAt(value, 'resourceLogs', 'resource_logs').flatMap((part) =>
    objectsAt(part, 'scopeLogs', 'scope_logs', 'instrumentationLibraryLogs'),
  )
  return scopes
    .flatMap((scope) => objectsAt(scope, 'logRecords', 'log_records'))
    .map((record) => {
      const event = readOtlpEvent(record)
      const name = textAt(record, 'eventName', 'event_name') ?? textAt(event.attributes, 'event.name') ?? ''
      const key = `${readId(field(record, 'traceId', 'trace_id'))} ${readId(field(record, 'spanId', 'span_id'))}`
      return { key, event: { ...event, name, body: unpack(event.body) } }
    })
}

function readOtlpSpan(span: JsonObject, resource: JsonObject, scope: string): RawSpan {
  const status = objectAt(span, 'status') ?? {}
  const kind = String(span.kind ?? '')
  const parent = readId(field(span, 'parentSpanId', 'parent_span_id'))
  return {
    trace_id: readId(field(span, 'traceId', 'trace_id')),
    span_id: readId(field(span, 'spanId', 'span_id')),
    parent_id: parent === '' ? null : parent,
    name: textAt(span, 'name') ?? '',
    started_ms: readNanos(field(span, 'startTimeUnixNano', 'start_time_unix_nano')),
    ended_ms: readNanos(field(span, 'endTimeUnixNano', 'end_time_unix_nano')),
    attributes: {
      ...(kind === '2' || kind === 'SPAN_KIND_SERVER' ? { 'span.kind': 'server' } : {}),
      ...readKeyValues(span.attributes),
    },
    resource,
    scope,
    events: objectsAt(span, 'events').map(readOtlpEvent),
    failed: status.code === 2 || status.code === 'STATUS_CODE_ERROR',
    message: textAt(status, 'message') ?? null,
  }
}

function readOtlpEvent(event: JsonObject): RawEvent {
  return {
    name: textAt(event, 'name') ?? '',
    attributes: readKeyValues(event.attributes),
    body: isJsonObject(event.body) ? readAnyValue(event.body) : undefined,
    at_ms: readNanos(field(event, 'timeUnixNano', 'time_unix_nano')),
  }
}

/** Ids are hex in OTLP/JSON; protobuf's own JSON has them in base64, as some exports do. */
function readId(value: JsonValue | undefined): string {
  if (typeof value !== 'string') return ''
  if (/^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i.test(value)) return value.toLowerCase()
  const bytes = /^[A-Za-z0-9+/]{11}=$|^[A-Za-z0-9+/]{22}==$/.test(value) ? Buffer.from(value, 'base64') : null
  return bytes === null ? value : bytes.toString('hex')
}

/** OTLP/JSON, also as JSON Lines. */
export const otlpFormat: ForeignFormat = traceFormat(
  'otlp',
  'OTLP/JSON traces',
  (text) => {
    const isSpans = /"resource_?[sS]pans"\s*:\s*\[/
    const head = text.slice(0, 65_536)
    return isSpans.test(head) || (/"resource_?[lL]ogs"\s*:\s*\[/.test(head) && isSpans.test(text))
  },
  readOtlp,
)
