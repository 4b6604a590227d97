import type { JsonObject, JsonValue } from '../core/json.ts'
import { finishOf } from './finish.ts'
import type { ModelAnswer } from './protocol.ts'
import { countOf, fieldOf, listOf, stringOf } from './wire.ts'

type Unknown = JsonValue | undefined

/** Where the models that answer with plain text put it: the answer itself, or the first of a list. */
const LISTS = ['results', 'outputs', 'generations', 'completions']
const TEXTS = ['outputText', 'generation', 'completion', 'text']
const REASONS = ['completionReason', 'stop_reason', 'finish_reason', 'finishReason']

/**
 * Reads the body of a model that answers with plain text: Titan, Llama, Mistral, Cohere, AI21, and Anthropic's completions.
 * False for a body that has none.
 */
export function readPlainBody(answer: ModelAnswer, body: JsonObject, at_ms: number): boolean {
  const [first] = LISTS.flatMap((name) => listOf(body[name]).slice(0, 1))
  const holder = first ?? body
  const text = textOf(holder)
  const calls = listOf(body.tool_calls)
  if (text === null && calls.length === 0) return false
  answer.text += text ?? ''
  for (const call of calls) {
    const args = JSON.stringify(fieldOf(call, 'parameters') ?? {})
    answer.tool_calls.push({ id: null, name: stringOf(fieldOf(call, 'name')) ?? '', arguments: args, at_ms })
  }
  readEnd(answer, holder)
  const { usage } = body
  const input = sum(body.inputTextTokenCount, body.prompt_token_count, fieldOf(usage, 'input_tokens'))
  const output = sum(fieldOf(first, 'tokenCount'), body.generation_token_count, fieldOf(usage, 'output_tokens'))
  if (input + output > 0) answer.usage = { input_tokens: input, output_tokens: output }
  return true
}

function sum(...counts: Unknown[]): number {
  return counts.reduce<number>((total, count) => total + countOf(count), 0)
}

/** Reads one piece of a stream of such a model. */
export function readPlainChunk(answer: ModelAnswer, piece: JsonObject, at_ms: number): void {
  const [first] = LISTS.flatMap((name) => listOf(piece[name]).slice(0, 1))
  // The last event of Cohere says everything again.
  const isSummary = piece.event_type === 'stream-end'
  if (!isSummary) answer.text += textOf(first ?? piece) ?? ''
  for (const call of listOf(piece.tool_calls)) {
    const args = JSON.stringify(fieldOf(call, 'parameters') ?? {})
    answer.tool_calls.push({ id: null, name: stringOf(fieldOf(call, 'name')) ?? '', arguments: args, at_ms })
  }
  readEnd(answer, first ?? piece)
}

function textOf(holder: Unknown): string | null {
  for (const name of TEXTS) {
    const text = stringOf(fieldOf(holder, name))
    if (text !== null) return text
  }
  return stringOf(fieldOf(fieldOf(holder, 'data'), 'text'))
}

function readEnd(answer: ModelAnswer, holder: Unknown): void {
  for (const name of REASONS) {
    const value = fieldOf(holder, name)
    const reason = stringOf(value) ?? stringOf(fieldOf(value, 'reason'))
    if (reason === null) continue
    answer.finish_reason = reason
    const finish = finishOf(reason)
    answer.finish = finish === 'end' && answer.tool_calls.length > 0 ? 'tool' : finish
  }
}
