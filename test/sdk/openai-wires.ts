import { fresh, freshHex, type Turn, type Wire, type WireAnswer } from './start-provider.ts'

type Json = Record<string, unknown>

/** OpenAI's chat completions. */
export const chatWire: Wire = {
  path: /\/chat\/completions$/,
  countResults: ({ messages }) => (messages as Json[]).filter(({ role }) => role === 'tool').length,
  answer(body, turn) {
    const created = Math.floor(Date.now() / 1000)
    const head = { id: fresh('chatcmpl-', 29), created, model: `${body.model}-2025-04-14` }
    const tool_calls = callsOf(turn).map(({ name, args }) => ({
      id: fresh('call_'),
      type: 'function',
      function: { name, arguments: JSON.stringify(args) },
    }))
    const text = 'text' in turn ? turn.text : null
    const finish_reason = text === null ? 'tool_calls' : 'stop'
    const usage = { prompt_tokens: 40, completion_tokens: 12, total_tokens: 52 }
    if (body.stream !== true) {
      const message = { role: 'assistant', content: text, refusal: null, ...(text === null && { tool_calls }) }
      const choices = [{ index: 0, message, finish_reason, logprobs: null }]
      return { json: { ...head, object: 'chat.completion', choices, usage, system_fingerprint: null } }
    }
    const deltas: Json[] = [{ role: 'assistant', content: '' }]
    for (const piece of piecesOf(text ?? '')) deltas.push({ content: piece })
    for (const [index, call] of (text === null ? tool_calls : []).entries()) {
      deltas.push({ tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] })
      for (const piece of piecesOf(call.function.arguments)) {
        deltas.push({ tool_calls: [{ index, function: { arguments: piece } }] })
      }
    }
    const chunk = (delta: Json, finish: string | null = null): Json => {
      return { ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] }
    }
    const wantsUsage = (body.stream_options as Json | undefined)?.include_usage === true
    const events = [...deltas.map((delta) => chunk(delta)), chunk({}, finish_reason)]
    if (wantsUsage) events.push({ ...head, object: 'chat.completion.chunk', choices: [], usage })
    return sse([...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), 'data: [DONE]\n\n'])
  },
}

/** OpenAI's responses. */
export const responsesWire: Wire = {
  path: /\/responses$/,
  countResults: ({ input }) => (input as Json[]).filter(({ type }) => type === 'function_call_output').length,
  answer(body, turn) {
    const output = outputOf(turn)
    const usage = {
      input_tokens: 40,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 12,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 52,
    }
    const head = {
      id: freshHex('resp_'),
      object: 'response',
      created_at: Math.floor(Date.now() / 1000),
      error: null,
      incomplete_details: null,
      instructions: body.instructions ?? null,
      metadata: {},
      model: `${body.model}-2025-04-14`,
      parallel_tool_calls: true,
      tool_choice: 'auto',
      tools: body.tools ?? [],
    }
    const response = { ...head, status: 'completed', output, usage }
    if (body.stream !== true) return { json: response }
    const started = { ...head, status: 'in_progress', output: [], usage: null }
    const events: Json[] = [
      { type: 'response.created', response: started },
      { type: 'response.in_progress', response: started },
      ...output.flatMap((item, index) => eventsOfItem(item, index)),
      { type: 'response.completed', response },
    ]
    const lines = events.map((event, sequence_number) => JSON.stringify({ ...event, sequence_number }))
    return sse(lines.map((line, i) => `event: ${events[i]?.type}\ndata: ${line}\n\n`))
  },
}

/** OpenAI's embeddings. */
export const embeddingsWire: Wire = {
  path: /\/embeddings$/,
  countResults: () => 0,
  answer({ input, model, encoding_format }) {
    const vector = [0.25, -0.5, 0.75]
    const base64 = Buffer.from(new Float32Array(vector).buffer).toString('base64')
    const texts = Array.isArray(input) ? input : [input]
    const data = texts.map((_, index) => {
      return { object: 'embedding', index, embedding: encoding_format === 'base64' ? base64 : vector }
    })
    return { json: { object: 'list', data, model, usage: { prompt_tokens: 4, total_tokens: 4 } } }
  },
}

function callsOf(turn: Turn): { name: string; args: Json }[] {
  return 'calls' in turn ? turn.calls : []
}

function outputOf(turn: Turn): Json[] {
  if ('text' in turn) {
    const content = [{ type: 'output_text', text: turn.text, annotations: [], logprobs: [] }]
    return [{ id: freshHex('msg_'), type: 'message', status: 'completed', role: 'assistant', content }]
  }
  return turn.calls.map(({ name, args }) => ({
    id: freshHex('fc_'),
    type: 'function_call',
    status: 'completed',
    arguments: JSON.stringify(args),
    call_id: fresh('call_'),
    name,
  }))
}

function eventsOfItem(item: Json, output_index: number): Json[] {
  const place = { item_id: item.id, output_index }
  const done = { type: 'response.output_item.done', output_index, item }
  if (item.type === 'function_call') {
    const text = item.arguments as string
    const empty = { ...item, status: 'in_progress', arguments: '' }
    return [
      { type: 'response.output_item.added', output_index, item: empty },
      ...piecesOf(text).map((delta) => ({ type: 'response.function_call_arguments.delta', ...place, delta })),
      { type: 'response.function_call_arguments.done', ...place, arguments: text, name: item.name },
      done,
    ]
  }
  const [part] = item.content as [{ text: string }]
  const at = { ...place, content_index: 0 }
  return [
    { type: 'response.output_item.added', output_index, item: { ...item, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
    ...piecesOf(part.text).map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...at, text: part.text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part },
    done,
  ]
}

/** A text in pieces, as models give it. */
export function piecesOf(text: string): string[] {
  return text.match(/.{1,12}/gs) ?? []
}

/** A stream of server-sent events. */
export function sse(pieces: string[]): WireAnswer {
  return { type: 'text/event-stream; charset=utf-8', pieces }
}
