import { GEN_AI } from '../../model/gen-ai.ts'
import type { RunTrace } from '../../model/trace.ts'
import { modelCalls, readAttribute } from '../span-tree.ts'

const OUT_OF_TOKENS = new Set(['length', 'max_tokens', 'max_output_tokens', 'model_context_window_exceeded'])

/**
 * How many model answers ended because they ran out of tokens, whatever word the provider has for it.
 *
 * Source: spans of type `llm_generate`. Unit: answers. OTel: `gen_ai.response.finish_reasons`.
 */
export function truncatedAnswers(trace: RunTrace): number {
  return modelCalls(trace, GEN_AI.finishReasons).filter((span) => {
    const reasons = [readAttribute(span, GEN_AI.finishReasons)].flat()
    // OpenAI's Responses protocol says `incomplete:max_output_tokens`.
    return reasons.some((reason) =>
      OUT_OF_TOKENS.has(
        String(reason)
          .toLowerCase()
          .replace(/^incomplete[:.]/, ''),
      ),
    )
  }).length
}
