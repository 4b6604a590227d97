import type { RunTrace } from '../../model/trace.ts'
import { modelCalls } from '../span-tree.ts'

/**
 * How many model calls there are; a wrapped model function and the request within it are one.
 *
 * Source: spans of type `llm_generate`. Unit: calls. OTel: `gen_ai.operation.name` = `chat`, `generate_content`, `text_completion`.
 */
export function llmCalls(trace: RunTrace): number {
  return modelCalls(trace).length
}
