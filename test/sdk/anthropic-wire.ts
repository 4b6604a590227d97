import { piecesOf, sse } from './openai-wires.ts'
import { fresh, type Turn, type Wire } from './start-provider.ts'

type Json = Record<string, unknown>

/** Anthropic's messages. */
export const messagesWire: Wire = {
  path: /\/messages$/,
  countResults: ({ messages }) =>
    (messages as Json[]).flatMap(({ content }) => (Array.isArray(content) ? content : [])).filter(isResult).length,
  answer({ model, stream }, turn) {
    const content = blocksOf(turn)
    const stop_reason = 'text' in turn ? 'end_turn' : 'tool_use'
    const usage = { input_tokens: 40, output_tokens: 12, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }
    const message = { id: fresh('msg_01', 22), type: 'message', role: 'assistant', model, stop_sequence: null, usage }
    if (stream !== true) return { json: { ...message, content, stop_reason } }
    const events: Json[] = [
      { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
      ...content.flatMap((block, index) => eventsOfBlock(block, index)),
      { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 12 } },
      { type: 'message_stop' },
    ]
    return sse(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`))
  },
}

function isResult(block: Json): boolean {
  return block.type === 'tool_result'
}

function blocksOf(turn: Turn): Json[] {
  if ('text' in turn) return [{ type: 'text', text: turn.text }]
  return turn.calls.map(({ name, args }) => ({ type: 'tool_use', id: fresh('toolu_01', 22), name, input: args }))
}

function eventsOfBlock(block: Json, index: number): Json[] {
  const isText = block.type === 'text'
  const deltas = isText
    ? piecesOf(block.text as string).map((text) => ({ type: 'text_delta', text }))
    : piecesOf(JSON.stringify(block.input)).map((partial_json) => ({ type: 'input_json_delta', partial_json }))
  const empty = isText ? { text: '' } : { input: {} }
  return [
    { type: 'content_block_start', index, content_block: { ...block, ...empty } },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}
