import { OTEL } from '../../model/gen-ai.ts'
import type { Span } from '../../model/trace.ts'

/** A span around steps of a run: an agent, a workflow, a node of a graph. Times are milliseconds since the epoch. */
export interface NamedSpan {
  /** What it is called by, with the spans around it in front. */
  path: string[]
  name: string
  operation: 'invoke_agent' | 'invoke_workflow' | null
  started_at_ms: number
  ended_at_ms: number
}

/** The spans around a step, outermost first. */
export function pathOf({ attributes }: Span): string[] {
  const spans = attributes[OTEL.spans]
  return Array.isArray(spans) ? spans.map(String) : []
}

/** The spans around the steps of a run, each once: from the first step within it to the end of the last. */
export function groupNamedSpans(spans: readonly Span[]): NamedSpan[] {
  const named = new Map<string, NamedSpan>()
  for (const span of spans) {
    const whole = pathOf(span)
    const [start, end] = [span.started_at_ms, span.started_at_ms + span.latency_ms]
    for (let depth = 1; depth <= whole.length; depth++) {
      const path = whole.slice(0, depth)
      const key = JSON.stringify(path)
      const known = named.get(key)
      named.set(key, {
        ...(known ?? describe(path)),
        started_at_ms: Math.min(known?.started_at_ms ?? start, start),
        ended_at_ms: Math.max(known?.ended_at_ms ?? end, end),
      })
    }
  }
  return [...named.values()]
}

function describe(path: string[]): Pick<NamedSpan, 'path' | 'name' | 'operation'> {
  // Which one of its name it is plays no part in what it is called.
  const name = (path.at(-1) ?? '').replace(/ #\d+$/, '')
  const operation = (['invoke_agent', 'invoke_workflow'] as const).find((known) => name.startsWith(`${known} `)) ?? null
  return { path, name, operation }
}
