import { GEN_AI } from '../model/gen-ai.ts'
import type { RunTrace } from '../model/trace.ts'

/** Plain counts of one run that a release comparison looks at by default: spans by kind, error spans, and tokens. */
export function countsOfRun(trace: RunTrace): Record<string, number> {
  const counts = { llm_spans: 0, tool_spans: 0, error_spans: 0, tokens: 0 }
  for (const { step_type, status, attributes } of trace.spans) {
    if (step_type === 'llm_generate') counts.llm_spans++
    if (step_type === 'tool_call') counts.tool_spans++
    if (status === 'error') counts.error_spans++
    for (const key of [GEN_AI.inputTokens, GEN_AI.outputTokens]) {
      const tokens = attributes[key]
      if (typeof tokens === 'number') counts.tokens += tokens
    }
  }
  return counts
}
