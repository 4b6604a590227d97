import { GEN_AI } from './gen-ai.ts'
import type { Segment } from './signal.ts'
import type { LogEvent, RunTrace, Span } from './trace.ts'

/** What a run can be segmented by: its release and workflow, and the models and tools that occur in it. */
export interface RunSegments {
  release: string | undefined
  workflow: string | undefined
  models: string[]
  tools: string[]
}

/** The models of a span: asked for, answering, and (for a model call) its name. Several when they differ. */
function modelsOfSpan(span: Span): string[] {
  if (span.step_type !== 'llm_generate') return []
  const named = [span.attributes[GEN_AI.requestModel], span.attributes[GEN_AI.responseModel]]
  const models = named.filter((model): model is string => typeof model === 'string')
  return models.length > 0 ? models : [span.name]
}

/** The release, workflow, models and tools of a run; models and tools in order of appearance, each once. */
export function segmentOf(trace: RunTrace): RunSegments {
  const models = new Set<string>()
  const tools = new Set<string>()
  for (const span of trace.spans) {
    for (const model of modelsOfSpan(span)) models.add(model)
    if (span.step_type === 'tool_call') tools.add(span.name)
  }
  for (const event of trace.events) if (event.tool !== undefined) tools.add(event.tool)
  return { release: trace.context.release, workflow: trace.context.workflow, models: [...models], tools: [...tools] }
}

/** True when a run belongs to a segment; a key that the segment leaves out means any. */
export function inSegment(trace: RunTrace, segment: Segment): boolean {
  const { release, workflow, model, tool } = segment
  if (release !== undefined && trace.context.release !== release) return false
  if (workflow !== undefined && trace.context.workflow !== workflow) return false
  if (model === undefined && tool === undefined) return true
  const own = segmentOf(trace)
  return (model === undefined || own.models.includes(model)) && (tool === undefined || own.tools.includes(tool))
}

/**
 * The part of a run that a segment is about, or null when the run does not belong to it. With a model, the spans of
 * that model; with a tool, the spans and events of that tool; with both, both kinds; with neither, the whole run.
 */
export function narrowToSegment(trace: RunTrace, segment: Segment): RunTrace | null {
  if (!inSegment(trace, segment)) return null
  const { model, tool } = segment
  if (model === undefined && tool === undefined) return trace
  const keepSpan = (span: Span) =>
    (model !== undefined && modelsOfSpan(span).includes(model)) ||
    (tool !== undefined && span.step_type === 'tool_call' && span.name === tool)
  const keepEvent = (event: LogEvent) =>
    event.event === 'run_started' || event.event === 'run_finished' || (tool !== undefined && event.tool === tool)
  return { ...trace, spans: trace.spans.filter(keepSpan), events: trace.events.filter(keepEvent) }
}
