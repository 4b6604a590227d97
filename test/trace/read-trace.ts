import type { RunTrace, Span } from '../../src/model/trace.ts'
import { STARTED_AT } from './build-recording.ts'

/** Id, parent, type, name and error of each span. */
export function outline({ spans }: RunTrace): unknown[] {
  return spans.map((span) => [span.span_id, span.parent_id, span.step_type, span.name, span.error_class])
}

/** The span with an id. */
export function spanOf(trace: RunTrace, id: string): Span {
  const span = trace.spans.find(({ span_id }) => span_id === id)
  if (span === undefined) throw new Error(`no span ${id}`)
  return span
}

/** Each event with its offset from the start of the run. */
export function eventsOf(trace: RunTrace): unknown[] {
  return trace.events.map((event) => [event.event, event.at_ms - STARTED_AT])
}
