import type { FunctionInteraction } from '../../model/interaction.ts'
import type { AskedToolCall, ModelToolResult } from '../../providers/protocol.ts'
import type { Attempt } from '../group-attempts.ts'
import type { McpCall } from '../mcp-call.ts'
import type { ModelCall } from '../model-call.ts'

/** One call of a tool: asked for by a model, seen as a wrapped function, or both. Times are offsets from the start of the run, ms. */
export interface ToolUse {
  /** What the model asked for, and where; null for a wrapped function that no known answer asks for. */
  asked: { call: AskedToolCall; by: ModelCall; index: number; at_ms: number } | null
  /** The wrapped function that ran it. */
  wrapper: Wrapper | null
  /** What the agent told the model that the tool gave back. */
  result: SentResult | null
  /** Requests that the tool made, as far as they can be told to be its own. */
  requests: AttributedRequest[]
}

/** A call of a wrapped tool, or of a tool over MCP, and its place among the interactions of the run. */
export interface Wrapper {
  interaction: FunctionInteraction
  position: number
  /** How the server of MCP told what came of it. */
  mcp?: McpCall
}

/** A tool's result in the request that told it to the model first. */
export interface SentResult extends ModelToolResult {
  carrier: ModelCall
}

/** A plain request that was made for a tool, and what says so. */
export interface AttributedRequest extends Attempt {
  by: 'only_pending' | 'argument' | 'name'
}

/** What lies on one level: within one wrapped function, or within none. Each list is in order of start. */
export interface Level {
  calls: ModelCall[]
  wrappers: Wrapper[]
  requests: Attempt[]
}

/** Whether the agent is known to have run a tool: it told a result, made a request for it, or called a wrapped function. */
export function isExecuted(use: ToolUse): boolean {
  return use.result !== null || use.wrapper !== null || use.requests.length > 0
}
