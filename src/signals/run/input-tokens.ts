import { GEN_AI } from '../../model/gen-ai.ts'
import type { RunTrace } from '../../model/trace.ts'
import { sumOverModelCalls } from '../span-tree.ts'

/**
 * Tokens sent to models over the whole run, as the providers counted them; a model call without a count adds 0.
 *
 * Source: spans of type `llm_generate`. Unit: tokens. OTel: `gen_ai.usage.input_tokens`.
 */
export function inputTokens(trace: RunTrace): number {
  return sumOverModelCalls(trace, GEN_AI.inputTokens)
}
