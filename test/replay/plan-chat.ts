import type { PlannedAnswer } from './start-world.ts'

/** An answer of a model that says `content`. */
export function says(content: string, more: Partial<PlannedAnswer> = {}): PlannedAnswer {
  return { kind: 'json', value: completion({ role: 'assistant', content }, 'stop'), ...more }
}

/** An answer of a model that calls `search_docs`. */
export function callsTool(id = 'call_Ab3dEf6hIj9k', query = 'refund policy'): PlannedAnswer {
  const call = { id, type: 'function', function: { name: 'search_docs', arguments: JSON.stringify({ query }) } }
  const message = { role: 'assistant', content: null, tool_calls: [call] }
  return { kind: 'json', value: completion(message, 'tool_calls') }
}

function completion(message: unknown, finish_reason: string): unknown {
  return {
    id: 'answer',
    object: 'chat.completion',
    created: 0,
    model: 'gpt-4o',
    choices: [{ index: 0, message, finish_reason }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  }
}
