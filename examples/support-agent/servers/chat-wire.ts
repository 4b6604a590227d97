import { createHash } from 'node:crypto'
import type { Move } from './model-script.ts'

/** What a chat completions request asks for, as far as the server reads it. */
export interface ChatRequest {
  model: string
  messages: unknown[]
  stream?: boolean
  stream_options?: { include_usage?: boolean }
}

export type Answer = Exclude<Move, { kind: 'overloaded' }>

/** The answer as one JSON body. */
export function completionBody(request: ChatRequest, answer: Answer) {
  const message = { role: 'assistant', content: answer.kind === 'say' ? answer.text : null }
  const calls = answer.kind === 'call' ? { tool_calls: toolCalls(request, answer) } : {}
  return {
    ...envelope(request, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: { ...message, ...calls, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: finishReason(answer),
      },
    ],
    usage: usage(request, answer),
    service_tier: 'default',
    system_fingerprint: 'fp_3f58d112f7',
  }
}

/** The answer as the data of server-sent events, `[DONE]` included. */
export function completionEvents(request: ChatRequest, answer: Answer): string[] {
  const withUsage = request.stream_options?.include_usage === true
  const base = {
    ...envelope(request, 'chat.completion.chunk'),
    service_tier: 'default',
    system_fingerprint: 'fp_3f58d112f7',
  }
  const tail = withUsage ? { usage: null } : {}
  const chunk = (delta: object, finish: string | null = null) =>
    JSON.stringify({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...tail })
  const events = [...deltas(request, answer).map((delta) => chunk(delta)), chunk({}, finishReason(answer))]
  if (withUsage) events.push(JSON.stringify({ ...base, choices: [], usage: usage(request, answer) }))
  return [...events, '[DONE]']
}

/** A number below `limit` that depends on the value alone. */
export function pseudoRandom(value: unknown, limit: number): number {
  return Number.parseInt(digest(value).slice(0, 8), 16) % limit
}

/** Hex digits that depend on the value alone. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

function deltas(request: ChatRequest, answer: Answer): object[] {
  if (answer.kind === 'say') {
    const words = answer.text.match(/\s*\S+/g) ?? []
    return [{ role: 'assistant', content: '', refusal: null }, ...words.map((content) => ({ content }))]
  }
  const parts = toolCalls(request, answer).flatMap((call, index) => {
    const { name, arguments: args } = call.function
    const fragments = args.match(/.{1,8}/g) ?? []
    return [
      { tool_calls: [{ index, id: call.id, type: 'function', function: { name, arguments: '' } }] },
      ...fragments.map((text) => ({ tool_calls: [{ index, function: { arguments: text } }] })),
    ]
  })
  return [{ role: 'assistant', content: null, refusal: null }, ...parts]
}

function envelope(request: ChatRequest, object: string) {
  const id = `chatcmpl-${digest(request).slice(0, 29)}`
  return { id, object, created: Math.floor(Date.now() / 1000), model: `${request.model}-2025-04-14` }
}

function toolCalls(request: ChatRequest, answer: Extract<Answer, { kind: 'call' }>) {
  return answer.calls.map(({ name, args }, index) => ({
    id: `call_${digest([request.messages, index]).slice(0, 24)}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(args) },
  }))
}

function finishReason(answer: Answer): string {
  return answer.kind === 'say' ? 'stop' : 'tool_calls'
}

/** Four characters a token: near enough for an example. */
function usage(request: ChatRequest, answer: Answer) {
  const prompt = Math.ceil(JSON.stringify(request.messages).length / 4)
  const completion = Math.ceil((answer.kind === 'say' ? answer.text : JSON.stringify(answer.calls)).length / 4)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
