import { roundMs } from '../core/clock.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { groupSpans } from './trace/group-spans.ts'
import { importSpans } from './trace/import-spans.ts'
import { objectAt, objectsAt, text as textAt } from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { type RawSpan, readNanos } from './trace/raw-span.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads spans as SDKs of OpenTelemetry and test tools dump them: a list of objects with `attributes`, JSON Lines of them, an object
 * around such lists, or the attributes of a single span. Each trace is a run.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, `ERR_INTERCHANGE_NO_STEPS`, and those of `parseTraceFile`
 */
function readDump(text: string, options: ImportOptions): ImportResult[] {
  const spans = parseTraceFile(text, options.path).flatMap(findSpans).map(readDumpedSpan)
  if (spans.length === 0) throw notOfFormat('a list of spans', options.path, 'it holds no object with attributes')
  return importSpans(groupSpans(spans), 'spans', text, options)
}

function findSpans(value: JsonValue): JsonObject[] {
  if (Array.isArray(value)) return value.filter(isJsonObject).filter(({ attributes }) => isJsonObject(attributes))
  if (!isJsonObject(value)) return []
  if (isJsonObject(value.attributes)) return [value]
  if (Object.keys(value).some((key) => CONVENTION.test(key))) return [{ attributes: value }]
  return Object.values(value).flatMap((item) => (Array.isArray(item) ? findSpans(item) : []))
}

/** An attribute by which a span is known for one of an agent. */
const CONVENTION = /^(?:gen_ai\.operation\.name|openinference\.span\.kind)$/

function readDumpedSpan(span: JsonObject): RawSpan {
  const context = objectAt(span, 'spanContext', 'context') ?? {}
  const status = objectAt(span, 'status') ?? {}
  const parent =
    textAt(span, 'parent_span_id', 'parentSpanId', 'parent_id', 'parentId') ??
    textAt(objectAt(span, 'parentSpanContext', 'parent') ?? {}, 'spanId', 'span_id')
  const code = status.code ?? status.status_code
  const printed = micros(span.timestamp)
  return {
    trace_id: readId(textAt(span, 'trace_id', 'traceId') ?? textAt(context, 'traceId', 'trace_id')),
    span_id: readId(textAt(span, 'span_id', 'spanId') ?? textAt(context, 'spanId', 'span_id') ?? textAt(span, 'id')),
    parent_id: parent === undefined ? null : readId(parent),
    name: textAt(span, 'name') ?? '',
    started_ms: readTime(span.start_time ?? span.startTime ?? span.startTimeUnixNano) ?? printed,
    ended_ms:
      readTime(span.end_time ?? span.endTime ?? span.endTimeUnixNano) ??
      (printed === null ? null : printed + (micros(span.duration) ?? 0)),
    attributes: objectAt(span, 'attributes') ?? {},
    resource: objectAt(objectAt(span, 'resource') ?? {}, 'attributes') ?? {},
    scope: textAt(objectAt(span, 'scope', 'instrumentationScope') ?? {}, 'name') ?? '',
    events: objectsAt(span, 'span_events', 'events').map((event) => ({
      name: textAt(event, 'event_name', 'name') ?? '',
      attributes: objectAt(event, 'attributes') ?? {},
      body: event.body,
      at_ms: null,
    })),
    failed: code === 2 || /^(?:StatusCode\.)?error$/i.test(String(code)),
    message: textAt(status, 'message', 'description') ?? null,
  }
}

/** Python writes ids with `0x` in front. */
function readId(id: string | undefined): string {
  return id === undefined ? '' : id.replace(/^0x/, '').toLowerCase()
}

/** OpenTelemetry's exporter to the console of JavaScript gives microseconds, in milliseconds here. */
function micros(value: JsonValue | undefined): number | null {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? roundMs(number / 1000) : null
}

/** Nanoseconds; JavaScript's pair of seconds and nanoseconds; or a date. */
function readTime(value: JsonValue | undefined): number | null {
  if (Array.isArray(value)) {
    const [seconds, nanos] = value
    return typeof seconds === 'number' && typeof nanos === 'number'
      ? seconds * 1000 + Math.round(nanos / 1000) / 1000
      : null
  }
  if (typeof value === 'string' && !/^\d+$/.test(value)) {
    const time = Date.parse(value)
    return Number.isNaN(time) ? null : time
  }
  return readNanos(value)
}

/** Dumps of spans: of OpenTelemetry's SDKs, Phoenix, MLflow, test tools. */
export const spanDumpFormat: ForeignFormat = traceFormat(
  'spans',
  'dumped spans',
  (text) => {
    const head = text.slice(0, 65_536)
    const isPrinted = /"traceId"\s*:/.test(head) && /"timestamp"\s*:/.test(head) && /"duration"\s*:/.test(head)
    const hasIds = (isPrinted || /"(?:span_id|spanId)"\s*:/.test(head)) && /"attributes"\s*:\s*\{/.test(head)
    const isBare =
      /^\uFEFF?\s*\{/.test(head) && /"(?:gen_ai\.operation\.name|openinference\.span\.kind)"\s*:/.test(head)
    return (hasIds || isBare) && !/"(?:resource_?[sS]pans|batches|observations|parentObservationId)"\s*:/.test(text)
  },
  readDump,
)
