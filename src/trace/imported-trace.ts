import { isJsonObject } from '../core/json.ts'
import type { Recording } from '../model/recording.ts'
import type { LogEvent, Span } from '../model/trace.ts'

/** Spans and log events of a recording that was imported without bodies, as they came; null for any other recording. */
export function readImportedTrace({ notes }: Recording): { spans: Span[]; events: LogEvent[] } | null {
  const imports = notes.filter(({ code }) => code === 'trace_only').map(({ data }) => data)
  if (imports.length === 0) return null
  const listed = (key: 'spans' | 'events') => imports.flatMap((data) => (isJsonObject(data) ? (data[key] ?? []) : []))
  return {
    spans: listed('spans').filter(isJsonObject) as unknown as Span[],
    events: listed('events').filter(isJsonObject) as unknown as LogEvent[],
  }
}
