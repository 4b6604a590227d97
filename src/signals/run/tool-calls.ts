import type { RunTrace } from '../../model/trace.ts'
import { toolSequence } from './tool-sequence.ts'

/**
 * How many tool calls there are: the length of `tool_sequence`.
 *
 * Source: as `tool_sequence`. Unit: calls. OTel: `gen_ai.operation.name` = `execute_tool`.
 */
export function toolCalls(trace: RunTrace): number {
  return toolSequence(trace).length
}
