import type { HttpAnswer, HttpRequest, Payload } from '../../src/model/interaction.ts'

/** A request to a model, as a client would send it. */
export function post(url: string, body: unknown): HttpRequest {
  return { method: 'POST', url, headers: [['content-type', 'application/json']], body: { text: JSON.stringify(body) } }
}

/** A whole JSON answer in one chunk. */
export function jsonAnswer(body: unknown, status = 200): HttpAnswer {
  return rawAnswer([[12, { text: typeof body === 'string' ? body : JSON.stringify(body) }]], 'application/json', status)
}

/** An answer of some chunks. */
export function rawAnswer(chunks: [number, Payload][], type: string, status = 200): HttpAnswer {
  return { status, status_text: '', headers: [['content-type', type]], headers_ms: 10, chunks }
}

/** A stream, one chunk an event, at 20, 30, 40 … ms. */
export function streamAnswer(frames: string[]): HttpAnswer {
  const chunks = frames.map((text, i): [number, Payload] => [20 + 10 * i, { text }])
  return rawAnswer(chunks, 'text/event-stream; charset=utf-8')
}

/** Frames of a stream without event names, as OpenAI sends them. */
export function dataFrames(events: unknown[]): string[] {
  return [...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), 'data: [DONE]\n\n']
}

/** Frames of a stream with event names, as Anthropic sends them. */
export function namedFrames(events: { type: string }[]): string[] {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
}

function openaiChunk(delta: unknown, finish_reason: string | null = null): unknown {
  return {
    id: 'chatcmpl-A1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4o-2024-08-06',
    choices: [{ index: 0, delta, finish_reason }],
  }
}

/** Two parallel tool calls whose arguments come in pieces, turn about, and usage after the end. */
export const OPENAI_TOOL_STREAM = [
  openaiChunk({ role: 'assistant', content: 'Let me ' }),
  openaiChunk({ content: 'löok.' }),
  openaiChunk({
    tool_calls: [{ index: 0, id: 'call_a1', type: 'function', function: { name: 'search', arguments: '' } }],
  }),
  openaiChunk({ tool_calls: [{ index: 0, function: { arguments: '{"q":"ref' } }] }),
  openaiChunk({
    tool_calls: [{ index: 1, id: 'call_b2', type: 'function', function: { name: 'fetch', arguments: '{' } }],
  }),
  openaiChunk({ tool_calls: [{ index: 0, function: { arguments: 'und"}' } }] }),
  openaiChunk({ tool_calls: [{ index: 1, function: { arguments: '}' } }] }),
  openaiChunk({}, 'tool_calls'),
  {
    id: 'chatcmpl-A1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4o-2024-08-06',
    choices: [],
    usage: { prompt_tokens: 31, completion_tokens: 17, total_tokens: 48 },
  },
]

export const OPENAI_TOOL_JSON = {
  id: 'chatcmpl-B2',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-2024-08-06',
  choices: [
    {
      index: 0,
      finish_reason: 'tool_calls',
      logprobs: null,
      message: {
        role: 'assistant',
        content: null,
        refusal: null,
        tool_calls: [
          { id: 'call_a1', type: 'function', function: { name: 'search', arguments: '{"q":"refund"}' } },
          { id: 'call_b2', type: 'function', function: { name: 'fetch', arguments: '{}' } },
        ],
      },
    },
  ],
  usage: { prompt_tokens: 9, completion_tokens: 8, total_tokens: 17 },
}

/** Text, then two tool calls: one with arguments in pieces, one without any. */
export const ANTHROPIC_TOOL_STREAM = [
  {
    type: 'message_start',
    message: {
      id: 'msg_01A',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 25, cache_creation_input_tokens: 0, cache_read_input_tokens: 100, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Let me ' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'löok.' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'content_block_start',
    index: 1,
    content_block: { type: 'tool_use', id: 'toolu_01A', name: 'search', input: {} },
  },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"q": "ref' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: 'und"}' } },
  { type: 'content_block_stop', index: 1 },
  {
    type: 'content_block_start',
    index: 2,
    content_block: { type: 'tool_use', id: 'toolu_01B', name: 'fetch', input: {} },
  },
  { type: 'content_block_stop', index: 2 },
  { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 42 } },
  { type: 'message_stop' },
]

export const ANTHROPIC_TOOL_JSON = {
  id: 'msg_01B',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [
    { type: 'thinking', thinking: 'Hm.', signature: 'x' },
    { type: 'text', text: 'Two look-ups.' },
    { type: 'tool_use', id: 'toolu_01A', name: 'search', input: { q: 'refund' } },
    { type: 'tool_use', id: 'toolu_01B', name: 'fetch', input: {} },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: { input_tokens: 11, cache_creation_input_tokens: 3, cache_read_input_tokens: 4, output_tokens: 6 },
}

const RESPONSE_ITEMS = [
  { type: 'reasoning', id: 'rs_01a', summary: [] },
  {
    type: 'message',
    id: 'msg_01a',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: 'Let me löok.', annotations: [], logprobs: [] }],
  },
  { type: 'function_call', id: 'fc_01a', call_id: 'call_a1', name: 'search', arguments: '{"q":"refund"}' },
  { type: 'function_call', id: 'fc_01b', call_id: 'call_b2', name: 'fetch', arguments: '{}' },
]

/** Reasoning, text, and two calls. */
export const RESPONSE = {
  id: 'resp_01a',
  object: 'response',
  status: 'completed',
  model: 'gpt-5-2025-08-07',
  error: null,
  incomplete_details: null,
  output: RESPONSE_ITEMS,
  usage: { input_tokens: 31, output_tokens: 17, total_tokens: 48 },
}

/** The same as a stream. */
export const RESPONSE_EVENTS: { type: string; [field: string]: unknown }[] = [
  { type: 'response.created', response: { ...RESPONSE, status: 'in_progress', output: [], usage: null } },
  ...RESPONSE_ITEMS.flatMap((item, output_index) => {
    const at = { output_index, item_id: item.id, content_index: 0 }
    const [part] = item.content ?? []
    const empty = { ...item, ...(item.content && { content: [] }), ...(item.arguments && { arguments: '' }) }
    const pieces = (text = '') => text.match(/.{1,5}/g) ?? []
    return [
      { type: 'response.output_item.added', output_index, item: empty },
      ...(part ? [{ type: 'response.content_part.added', ...at, part: { ...part, text: '' } }] : []),
      ...pieces(part?.text).map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
      ...(part ? [{ type: 'response.output_text.done', ...at, text: part.text }] : []),
      ...pieces(item.arguments).map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
      { type: 'response.output_item.done', output_index, item },
    ]
  }),
  { type: 'response.completed', response: RESPONSE },
]
