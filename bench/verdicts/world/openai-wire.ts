import { createHash } from 'node:crypto'
import type { Move, ProviderError } from './script.ts'

export type Answer = Exclude<Move, { kind: 'refuse' }>
type Body = Record<string, unknown>

/** An answer of chat completions as one JSON body. */
export function openAiBody(request: Body, answer: Answer): unknown {
  const calls = toolCalls(request, answer)
  const message = { role: 'assistant', content: textOf(answer) || null, ...(calls.length > 0 && { tool_calls: calls }) }
  return {
    ...envelope(request, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(answer) }],
    usage: usage(request, answer),
  }
}

/** The answer as server-sent events. */
export function openAiEvents(request: Body, answer: Answer): string[] {
  const base = envelope(request, 'chat.completion.chunk')
  const chunk = (delta: object, finish_reason: string | null = null): string =>
    event({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason }] })
  const words = textOf(answer).match(/\s*\S+/g) ?? []
  const events = [chunk({ role: 'assistant', content: '' }), ...words.map((content) => chunk({ content }))]
  if (answer.kind === 'break') return [...events, event(openAiError(answer.error))]
  for (const [
    index,
    {
      id,
      type,
      function: { name, arguments: args },
    },
  ] of toolCalls(request, answer).entries()) {
    events.push(chunk({ tool_calls: [{ index, id, type, function: { name, arguments: '' } }] }))
    for (const text of args.match(/.{1,8}/gs) ?? []) {
      events.push(chunk({ tool_calls: [{ index, function: { arguments: text } }] }))
    }
  }
  events.push(chunk({}, finishReason(answer)), event({ ...base, choices: [], usage: usage(request, answer) }))
  return [...events, 'data: [DONE]\n\n']
}

/** An error of chat completions. */
export function openAiError({ type, message }: ProviderError): unknown {
  return { error: { message, type, param: null, code: type } }
}

/** Four characters a token: near enough. */
export function countTokens(value: unknown): number {
  return Math.ceil(JSON.stringify(value).length / 4)
}

/** Hex digits that depend on the value alone. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

/** The arguments of a call as text. */
export function argumentsOf(args: Record<string, string> | string): string {
  return typeof args === 'string' ? args : JSON.stringify(args)
}

/** What an answer says in words. */
export function textOf(answer: Answer): string {
  return answer.text ?? ''
}

function envelope(request: Body, object: string): Body {
  return {
    id: `chatcmpl-${digest(request).slice(0, 24)}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model: request.model,
  }
}

function toolCalls(request: Body, answer: Answer) {
  if (answer.kind !== 'call') return []
  return answer.calls.map(({ name, args }, index) => ({
    id: `call_${digest([request.messages, index]).slice(0, 24)}`,
    type: 'function',
    function: { name, arguments: argumentsOf(args) },
  }))
}

function finishReason(answer: Answer): string {
  if (answer.kind === 'call') return 'tool_calls'
  return answer.kind === 'say' && answer.truncated ? 'length' : 'stop'
}

function usage(request: Body, answer: Answer): Body {
  const [prompt, completion] = [countTokens(request.messages), countTokens(answer)]
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}

function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}
