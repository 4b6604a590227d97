import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { groupSpans } from './trace/group-spans.ts'
import { importSpans } from './trace/import-spans.ts'
import { objectAt, objectsAt, text as textAt } from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import type { RawSpan } from './trace/raw-span.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads traces as Jaeger's UI and API give them: `data[].spans[]`, times in microseconds, attributes as tags. Each trace is a run.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, `ERR_INTERCHANGE_NO_STEPS`, and those of `parseTraceFile`
 */
function readJaeger(text: string, options: ImportOptions): ImportResult[] {
  const traces = parseTraceFile(text, options.path).flatMap((value) => {
    if (!isJsonObject(value)) return []
    return Array.isArray(value.data) ? value.data.filter(isJsonObject) : [value]
  })
  const spans = traces.flatMap((trace) => {
    const processes = objectAt(trace, 'processes') ?? {}
    return objectsAt(trace, 'spans').map((span) => readJaegerSpan(span, processes))
  })
  if (spans.length === 0) throw notOfFormat('a Jaeger trace', options.path, 'it holds no spans in data[].spans')
  return importSpans(groupSpans(spans), 'jaeger', text, options)
}

function readJaegerSpan(span: JsonObject, processes: JsonObject): RawSpan {
  const attributes = readTags(span.tags)
  const process = objectAt(processes, String(span.processID)) ?? {}
  const parent =
    objectsAt(span, 'references').find(({ refType }) => refType === 'CHILD_OF') ?? objectsAt(span, 'references')[0]
  const started_ms = typeof span.startTime === 'number' ? span.startTime / 1000 : null
  const duration = typeof span.duration === 'number' ? span.duration : null
  const message = textAt(attributes, 'otel.status_description')
  return {
    trace_id: textAt(span, 'traceID') ?? '',
    span_id: textAt(span, 'spanID') ?? '',
    parent_id: textAt(parent ?? {}, 'spanID') ?? textAt(span, 'parentSpanID') ?? null,
    name: textAt(span, 'operationName') ?? '',
    started_ms,
    ended_ms: started_ms === null || duration === null ? null : ((span.startTime as number) + duration) / 1000,
    attributes,
    resource: { 'service.name': textAt(process, 'serviceName') ?? null, ...readTags(process.tags) },
    scope: textAt(attributes, 'otel.scope.name') ?? '',
    events: objectsAt(span, 'logs').map((log) => {
      const { event, ...fields } = readTags(log.fields)
      return { name: typeof event === 'string' ? event : '', attributes: fields, body: undefined, at_ms: null }
    }),
    failed: attributes.error === true || attributes.error === 'true' || attributes['otel.status_code'] === 'ERROR',
    message: message ?? null,
  }
}

function readTags(tags: JsonValue | undefined): JsonObject {
  if (!Array.isArray(tags)) return {}
  const entries = tags.filter(isJsonObject).map((tag) => [String(tag.key), tag.value ?? null] as const)
  return Object.fromEntries(entries)
}

/** Jaeger's JSON. */
export const jaegerFormat: ForeignFormat = traceFormat(
  'jaeger',
  'Jaeger JSON',
  (text) => {
    const head = text.slice(0, 65_536)
    return /"traceID"\s*:/.test(head) && /"operationName"\s*:|"processes"\s*:/.test(head)
  },
  readJaeger,
)
