import type { ModelRequest, SaidAnswer, WrittenAnswer } from './protocol.ts'

type Item = { type: string; id: string; [field: string]: unknown }
type Event = { type: string; [field: string]: unknown }

/** Writes a response that says just that. */
export function writeResponse({ model, stream }: ModelRequest, said: SaidAnswer): WrittenAnswer {
  const output = itemsOf(said)
  const usage = {
    input_tokens: 0,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 0,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 0,
  }
  const head = {
    id: `resp_${said.id}`,
    object: 'response',
    created_at: 0,
    model,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
  }
  const response = { ...head, status: 'completed', output, usage }
  if (!stream) return { content_type: 'application/json', body: JSON.stringify(response) }
  const begun = { ...head, status: 'in_progress', output: [], usage: null }
  const events: Event[] = [
    { type: 'response.created', response: begun },
    ...output.flatMap(eventsOf),
    { type: 'response.completed', response },
  ]
  const frame = (event: Event, sequence_number: number): string =>
    `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`
  return { content_type: 'text/event-stream', body: events.map(frame).join('') }
}

function itemsOf({ id, text, tool_calls }: SaidAnswer): Item[] {
  const calls = tool_calls.map(({ name, arguments: args }, index) => ({
    type: 'function_call',
    id: `fc_${id}${index}`,
    call_id: `call_${id}${index}`,
    status: 'completed',
    name,
    arguments: JSON.stringify(args),
  }))
  if (text === '' && calls.length > 0) return calls
  const content = [{ type: 'output_text', text, annotations: [], logprobs: [] }]
  return [{ type: 'message', id: `msg_${id}`, status: 'completed', role: 'assistant', content }, ...calls]
}

function eventsOf(item: Item, output_index: number): Event[] {
  const at = { item_id: item.id, output_index }
  const done = { type: 'response.output_item.done', output_index, item }
  const added = (empty: object): Event => {
    return { type: 'response.output_item.added', output_index, item: { ...item, status: 'in_progress', ...empty } }
  }
  if (item.type === 'function_call') {
    const args = item.arguments
    return [
      added({ arguments: '' }),
      { type: 'response.function_call_arguments.delta', ...at, delta: args },
      { type: 'response.function_call_arguments.done', ...at, arguments: args, name: item.name },
      done,
    ]
  }
  const [part] = item.content as [{ text: string }]
  const within = { ...at, content_index: 0 }
  return [
    added({ content: [] }),
    { type: 'response.content_part.added', ...within, part: { ...part, text: '' } },
    { type: 'response.output_text.delta', ...within, delta: part.text, logprobs: [] },
    { type: 'response.output_text.done', ...within, text: part.text, logprobs: [] },
    { type: 'response.content_part.done', ...within, part },
    done,
  ]
}
