import type { Finish } from './protocol.ts'

const FINISHES: Record<Exclude<Finish, 'other'>, readonly string[]> = {
  end: [
    'stop',
    'end_turn',
    'stop_sequence',
    'completed',
    'complete',
    'eos',
    'finish',
    'endoftext',
    'stop_criteria_met',
  ],
  tool: ['tool_calls', 'tool_use', 'tool-calls', 'tool_call', 'function_call'],
  length: ['length', 'max_tokens', 'model_context_window_exceeded', 'incomplete:max_output_tokens', 'error_limit'],
  filtered: [
    ...['content_filter', 'content-filter', 'content_filtered', 'guardrail_intervened', 'refusal', 'error_toxic'],
    'incomplete:content_filter',
    ...['safety', 'recitation', 'blocklist', 'prohibited_content', 'spii', 'language', 'image_safety'],
  ],
  pause: ['pause_turn'],
  error: [
    'error',
    'failed',
    'malformed_function_call',
    'unexpected_tool_call',
    'malformed_model_output',
    'malformed_tool_use',
  ],
}

const BY_REASON = new Map(
  Object.entries(FINISHES).flatMap(([finish, reasons]) => reasons.map((reason) => [reason, finish as Finish])),
)

/** Why an answer ended, by the provider's word for it; `other` for a word of no list. */
export function finishOf(reason: string): Finish {
  return BY_REASON.get(reason.toLowerCase()) ?? 'other'
}
