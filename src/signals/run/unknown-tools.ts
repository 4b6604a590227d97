import { GEN_AI, OTEL } from '../../model/gen-ai.ts'
import type { RunTrace, Span } from '../../model/trace.ts'
import { sortByStart } from '../span-like.ts'
import { readAttribute } from '../span-tree.ts'

/**
 * How many tool calls were of a tool that the model request before them did not offer. What the agent called on its own
 * does not count: a call that no model is known to have asked for, or with no request before it that offered any tools.
 *
 * Source: spans of type `tool_call` (`name`) against the attribute `retrial.request.tools` of the model call they belong
 * to: the one around them, else the last before them at the same level, else the last before them. Unit: calls.
 */
export function unknownTools(trace: RunTrace): number {
  const offered = new Map<string | null, string[]>()
  let latest: string[] | undefined
  let count = 0
  for (const span of sortByStart(trace.spans)) {
    if (span.step_type === 'llm_generate') {
      const tools = toolsOf(span)
      if (tools === undefined) continue
      latest = tools
      // One key space serves both look-ups: siblings by their parent's id, children by the model call's own.
      offered.set(span.parent_id, tools)
      offered.set(span.span_id, tools)
    } else if (span.step_type === 'tool_call' && !isOwnCall(span)) {
      const known = offered.get(span.parent_id) ?? latest
      if (known !== undefined && known.length > 0 && !known.includes(span.name)) count++
    }
  }
  return count
}

/** A call read off a recording carries the id that the model asked with; an imported span may have lost it. */
function isOwnCall(span: Span): boolean {
  return span.interactions.length > 0 && readAttribute(span, GEN_AI.toolCallId) === undefined
}

function toolsOf(span: Span): string[] | undefined {
  const tools = readAttribute(span, OTEL.knownTools)
  return Array.isArray(tools) ? tools.filter((tool) => typeof tool === 'string') : undefined
}
