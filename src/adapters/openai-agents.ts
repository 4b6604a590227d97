/** `retrial/openai-agents`: names and tool boundaries for the OpenAI Agents SDK. Nothing of it is imported here. */
import { wrapTool } from '../boundary/doors/function-door.ts'
import { addSpanFinder, type OpenSpan, openSpan } from '../boundary/spans.ts'
import { currentContext } from '../boundary/tape.ts'

export { wrapTool }

/** A span of the SDK, as far as it is read here. */
export interface AgentsSpan {
  spanId: string
  parentId: string | null
  spanData: { type: string; name?: unknown }
}

/** A processor of the SDK's traces that sends nothing anywhere. */
export interface NamingProcessor {
  onTraceStart(): Promise<void>
  onTraceEnd(): Promise<void>
  onSpanStart(span: AgentsSpan): Promise<void>
  onSpanEnd(span: AgentsSpan): Promise<void>
  shutdown(): Promise<void>
  forceFlush(): Promise<void>
}

/** The parts of the SDK that are needed: `import * as agents from '@openai/agents'` has them. */
export interface AgentsSdk {
  addTraceProcessor(processor: NamingProcessor): void
  getCurrentSpan(): AgentsSpan | null
}

const DONE = Promise.resolve()

/**
 * Names the agents of the SDK from now on, by its traces: `invoke_agent NAME` for each, hand-offs and agents that are tools
 * included, and its custom spans and guardrails. Other processors are not touched; `setTraceProcessors` takes this one away. Runs
 * with tracing disabled have no names.
 *
 * @example
 * import { addTraceProcessor, getCurrentSpan } from '@openai/agents'
 * nameSpans({ addTraceProcessor, getCurrentSpan })
 */
export function nameSpans({ addTraceProcessor, getCurrentSpan }: AgentsSdk): void {
  const open = new Map<string, OpenSpan | null>()
  const find = (): OpenSpan | null => {
    const current = open.size === 0 ? null : getCurrentSpan()
    return (current && open.get(current.spanId)) ?? null
  }
  addSpanFinder(find)
  addTraceProcessor({
    onTraceStart: () => DONE,
    onTraceEnd: () => DONE,
    onSpanStart({ spanId, parentId, spanData }) {
      if (currentContext() === null) return DONE
      const outer = (parentId !== null && open.get(parentId)) || null
      const name = nameOf(spanData)
      open.set(spanId, name === null ? outer : openSpan(name, outer, find))
      return DONE
    },
    onSpanEnd({ spanId }) {
      open.delete(spanId)
      return DONE
    },
    shutdown: () => DONE,
    forceFlush: () => DONE,
  })
}

/** Null for what is told by the calls themselves: models, tools, turns. */
function nameOf({ type, name }: AgentsSpan['spanData']): string | null {
  if (typeof name !== 'string') return null
  if (type === 'agent') return `invoke_agent ${name}`
  if (type === 'guardrail') return `guardrail ${name}`
  return type === 'custom' ? name : null
}
