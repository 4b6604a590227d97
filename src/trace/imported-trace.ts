import { isJsonObject, type JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { Note, Recording } from '../model/recording.ts'
import type { ErrorShape } from '../model/run.ts'
import type { LogEvent, Span } from '../model/trace.ts'
import { classifyError, classifyStatus, classifyText, isErrorClass } from './classify-error.ts'
import { deriveEvents } from './derive-events.ts'
import { isErrorResult } from './tools/tool-outcome.ts'

/**
 * Spans and log events of a recording that was imported without bodies; null for any other recording. They stand in notes:
 * one `trace_only`, and a `span` for each span. Events that did not come with the import are read off the spans.
 */
export function readImportedTrace({ notes, run, finish }: Recording): { spans: Span[]; events: LogEvent[] } | null {
  const imports = notes.filter(({ code }) => code === 'trace_only').map(({ data }) => data)
  if (imports.length === 0) return null
  const listed = (key: 'spans' | 'events') => imports.flatMap((data) => (isJsonObject(data) ? (data[key] ?? []) : []))
  const spans = [...(listed('spans').filter(isJsonObject) as unknown as Span[]), ...notes.flatMap(readSpanNote)]
  const hasEvents = imports.some((data) => isJsonObject(data) && Array.isArray(data.events))
  const events = listed('events').filter(isJsonObject) as unknown as LogEvent[]
  return { spans, events: hasEvents ? events : deriveEvents(spans, run, finish) }
}

function readSpanNote({ code, data }: Note): Span[] {
  if (code !== 'span' || !isJsonObject(data) || !isJsonObject(data.span)) return []
  const span = data.span as unknown as Span
  const { input_messages: input, output_messages: output } = data
  const attributes: Record<string, JsonValue> = {
    ...span.attributes,
    ...(input !== undefined && { [GEN_AI.inputMessages]: input }),
    ...(output !== undefined && { [GEN_AI.outputMessages]: output }),
  }
  const error_class = classifyImported(span, attributes)
  if (error_class === null) return [{ ...span, attributes }]
  return [{ ...span, status: 'error', error_class, attributes: { ...attributes, [OTEL.errorType]: error_class } }]
}

/** The class of an error in the words of its source, or of a tool's result that says that the tool failed; null without an error. */
function classifyImported(span: Span, attributes: Record<string, JsonValue>): string | null {
  const { status, error_class: named } = span
  const result = attributes[GEN_AI.toolResult]
  const told = span.step_type === 'tool_call' && typeof result === 'string' ? result : null
  if (status !== 'error') return told !== null && isErrorResult(told) ? (classifyText(told) ?? 'tool_error') : null
  // What we wrote says so by this attribute; its class stands, whatever it is.
  if (named !== null && (isErrorClass(named) || attributes[OTEL.errorType] === named)) return named
  const message = attributes[OTEL.errorMessage]
  const shape: ErrorShape = { name: named ?? '', message: typeof message === 'string' ? message : '' }
  const http = attributes[OTEL.httpStatus]
  return (
    classifyError(shape) ??
    classifyText(`${shape.name} ${shape.message}`) ??
    (typeof http === 'number' ? classifyStatus(http) : null) ??
    (/^[45]\d\d$/.test(shape.name) ? classifyStatus(Number(shape.name)) : null) ??
    (told === null ? null : classifyText(told)) ??
    (span.step_type === 'tool_call' ? 'tool_error' : 'server_error')
  )
}
