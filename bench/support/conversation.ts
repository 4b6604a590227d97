import type { JsonObject } from '../../src/core/json.ts'
import { textOf } from './text.ts'

/** One turn of a run that re-sends its whole history: what is sent, and what comes back. */
export interface Turn {
  request: JsonObject & { messages: JsonObject[] }
  answer: JsonObject
}

const MESSAGE_LENGTH = 1_400
const TOOL_COUNT = 12

/**
 * The turns of one run of an agent: a system prompt of 6 kB, 12 kB of tools, and on each turn a message of the model that
 * calls a tool and the tool's result, about 1.5 kB each. Always the same for one seed.
 *
 * @param from First turn that is wanted, from 0.
 */
export function conversation(seed: number, from: number, count: number): Turn[] {
  const tools = Array.from({ length: TOOL_COUNT }, (_, i) => toolOf(seed, i))
  const messages: JsonObject[] = [
    { role: 'system', content: textOf(seed, 6_000) },
    { role: 'user', content: textOf(seed + 1, 500) },
  ]
  const turns: Turn[] = []
  for (let turn = 0; turn < from + count; turn++) {
    const said = modelMessage(seed, turn)
    if (turn >= from) {
      turns.push({
        request: { model: 'gpt-4.1-mini', temperature: 0, tools, messages: [...messages] },
        answer: envelope(seed, turn, said),
      })
    }
    messages.push(said, {
      role: 'tool',
      tool_call_id: callId(seed, turn),
      content: textOf(turn + 7_000, MESSAGE_LENGTH),
    })
  }
  return turns
}

/** A model's answer around its message. */
export function envelope(seed: number, turn: number, message: JsonObject): JsonObject {
  return {
    id: `chatcmpl-${idOf(seed, turn)}`,
    object: 'chat.completion',
    created: 1_760_000_000 + turn,
    model: 'gpt-4.1-mini-2025-04-14',
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'tool_calls' }],
    usage: { prompt_tokens: 400 + turn * 300, completion_tokens: 250, total_tokens: 650 + turn * 300 },
    system_fingerprint: 'fp_bench',
  }
}

/** Twenty-four letters and digits, as vendors make their ids. */
export function idOf(seed: number, turn: number): string {
  let state = (Math.imul(seed + 1, 48_271) ^ Math.imul(turn + 1, 69_621)) >>> 0
  let id = ''
  while (id.length < 24) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    id += 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'[(state >>> 8) % 57]
  }
  return id
}

function callId(seed: number, turn: number): string {
  return `call_${idOf(seed + 500, turn)}`
}

function modelMessage(seed: number, turn: number): JsonObject {
  const args = JSON.stringify({ query: textOf(turn + 3_000, 120), limit: 5 })
  return {
    role: 'assistant',
    content: textOf(turn + 5_000, MESSAGE_LENGTH - 250),
    tool_calls: [{ id: callId(seed, turn), type: 'function', function: { name: 'search_docs', arguments: args } }],
  }
}

function toolOf(seed: number, index: number): JsonObject {
  const field = (offset: number): JsonObject => ({
    type: 'string',
    description: textOf(seed + index * 10 + offset, 180),
  })
  return {
    type: 'function',
    function: {
      name: `tool_${index}`,
      description: textOf(seed + index, 300),
      parameters: {
        type: 'object',
        properties: { query: field(1), scope: field(2), reason: field(3) },
        required: ['query'],
        additionalProperties: false,
      },
    },
  }
}
