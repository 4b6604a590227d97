import type { Finish } from './protocol.ts'

const FINISHES: Record<Exclude<Finish, 'other'>, readonly string[]> = {
  end: ['stop', 'end_turn', 'stop_sequence', 'completed', 'eos'],
  tool: ['tool_calls', 'tool_use', 'tool-calls', 'tool_call', 'function_call'],
  length: ['length', 'max_tokens', 'model_context_window_exceeded', 'incomplete:max_output_tokens'],
  filtered: [
    'content_filter',
    'content-filter',
    'safety',
    'recitation',
    'refusal',
    'guardrail_intervened',
    'incomplete:content_filter',
  ],
  pause: ['pause_turn'],
  error: ['error', 'failed'],
}

const BY_REASON = new Map(
  Object.entries(FINISHES).flatMap(([finish, reasons]) => reasons.map((reason) => [reason, finish as Finish])),
)

/** Why an answer ended, by the provider's word for it; `other` for a word of no list. */
export function finishOf(reason: string): Finish {
  return BY_REASON.get(reason.toLowerCase()) ?? 'other'
}
