import { type Answer, argumentsOf, countTokens, digest, textOf } from './openai-wire.ts'
import type { ProviderError } from './script.ts'

type Body = Record<string, unknown>

/** An answer of the Messages API as one JSON body. */
export function anthropicBody(request: Body, answer: Answer): unknown {
  const output_tokens = countTokens(answer)
  return {
    ...envelope(request, answer),
    content: blocksOf(request, answer),
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage: { input_tokens: countTokens(request.messages), output_tokens },
  }
}

/** The answer as server-sent events. */
export function anthropicEvents(request: Body, answer: Answer): string[] {
  const usage = { input_tokens: countTokens(request.messages), output_tokens: 1 }
  const message = { ...envelope(request, answer), content: [], stop_reason: null, stop_sequence: null, usage }
  const events = [event('message_start', { message })]
  for (const [index, block] of blocksOf(request, answer).entries()) {
    const isText = block.type === 'text'
    const content_block = isText ? { type: 'text', text: '' } : { ...block, input: {} }
    const whole = isText ? String(block.text) : JSON.stringify(block.input)
    events.push(event('content_block_start', { index, content_block }))
    for (const part of whole.match(/.{1,12}/gs) ?? []) {
      const delta = isText ? { type: 'text_delta', text: part } : { type: 'input_json_delta', partial_json: part }
      events.push(event('content_block_delta', { index, delta }))
    }
    if (answer.kind === 'break')
      return [...events, `event: error\ndata: ${JSON.stringify(anthropicError(answer.error))}\n\n`]
    events.push(event('content_block_stop', { index }))
  }
  const delta = { stop_reason: stopReason(answer), stop_sequence: null }
  events.push(event('message_delta', { delta, usage: { output_tokens: countTokens(answer) } }))
  return [...events, event('message_stop', {})]
}

/** An error of the Messages API. */
export function anthropicError({ type, message }: ProviderError): unknown {
  return { type: 'error', error: { type, message } }
}

function envelope(request: Body, answer: Answer): Body {
  const id = `msg_${digest([request, answer]).slice(0, 24)}`
  return { id, type: 'message', role: 'assistant', model: request.model }
}

function blocksOf(request: Body, answer: Answer): Record<string, unknown>[] {
  const text = textOf(answer)
  const blocks: Record<string, unknown>[] = text === '' ? [] : [{ type: 'text', text }]
  if (answer.kind !== 'call') return blocks
  const uses = answer.calls.map(({ name, args }, index) => ({
    type: 'tool_use',
    id: `toolu_${digest([request.messages, index]).slice(0, 24)}`,
    name,
    input: JSON.parse(argumentsOf(args)) as unknown,
  }))
  return [...blocks, ...uses]
}

function stopReason(answer: Answer): string {
  if (answer.kind === 'call') return 'tool_use'
  return answer.kind === 'say' && answer.truncated ? 'max_tokens' : 'end_turn'
}

function event(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
}
