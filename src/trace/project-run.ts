import type { JsonValue } from '../core/json.ts'
import { OTEL } from '../model/gen-ai.ts'
import type { Recording } from '../model/recording.ts'
import type { LogEvent, RunTrace, Span } from '../model/trace.ts'
import { buildEvents } from './build-events.ts'
import { buildSpans } from './build-spans.ts'
import { readImportedTrace } from './imported-trace.ts'
import { readLevels } from './read-levels.ts'
import { seenByRun } from './seen-by-run.ts'
import { readTimeline } from './timeline.ts'
import { readOutcome } from './tools/tool-outcome.ts'

/**
 * Reads a recording as spans and log events. Model calls, tool calls and plain requests are read off the interactions;
 * tools without a wrapper are read off the model traffic. All times are milliseconds since the epoch; the same recording
 * always gives the same trace. A recording that was imported without bodies gives the spans and events it came with.
 */
export function projectRun(recording: Recording): RunTrace {
  const { run, finish, input } = recording
  const { spans, events, last_ms } = readImported(recording) ?? project(recording)
  return {
    context: run,
    input,
    spans,
    events,
    stop_reason: finish?.stop_reason ?? 'unknown',
    output: (finish?.output ?? null) as JsonValue,
    latency_ms: last_ms,
    finished: finish !== null,
  }
}

interface Projection {
  spans: Span[]
  events: LogEvent[]
  /** End of the run, or its last sign of life: offset from its start, ms. */
  last_ms: number
}

function readImported(recording: Recording): Projection | null {
  const imported = readImportedTrace(recording)
  if (imported === null) return null
  const { run, finish } = recording
  const times = [
    ...imported.spans.map((span) => span.started_at_ms + span.latency_ms),
    ...imported.events.map((event) => event.at_ms),
  ].filter((time) => Number.isFinite(time))
  const last_ms = times.reduce((latest, time) => Math.max(latest, time - run.started_at), 0)
  return { ...imported, last_ms: finish?.at_ms ?? last_ms }
}

function project(whole: Recording): Projection {
  const { recording, leftOpen } = seenByRun(whole)
  const { run, finish, interactions } = recording
  const timeline = readTimeline(recording)
  const levels = readLevels(interactions, timeline)
  const outcomes = new Map(levels.flatMap(({ uses }) => uses.map((use) => [use, readOutcome(use, timeline)])))
  const spans = levels
    .flatMap((level) => buildSpans(level, outcomes, run))
    .sort((a, b) => a.span.started_at_ms - b.span.started_at_ms || a.position - b.position)
    .map(({ span }) => (leftOpen.has(span.interactions.at(-1) ?? '') ? asLeft(span) : span))
  const { run_id, started_at } = run
  const events: LogEvent[] = [
    { event: 'run_started', run_id, at_ms: started_at },
    ...buildEvents(levels, outcomes, run),
  ]
  if (finish !== null) {
    const { stop_reason, at_ms } = finish
    events.push({ event: 'run_finished', run_id, at_ms: started_at + at_ms, stop_reason })
  }
  // An answer that nobody waited for may come after the run has finished.
  events.sort((a, b) => a.at_ms - b.at_ms)
  return { spans, events, last_ms: timeline.last_ms }
}

/** A call that ended well enough after its run did not fail because nobody waited for it. */
function asLeft(span: Span): Span {
  if (span.error_class !== 'unfinished') return span
  const { [OTEL.errorType]: _, ...attributes } = span.attributes
  return { ...span, status: 'ok', error_class: null, attributes }
}
