/** A message of a chat completions request, as far as the script reads it. */
export interface ScriptMessage {
  role: string
  content: string | null
  tool_calls?: { id: string; function: { name: string } }[]
  tool_call_id?: string
}

/** What the scripted model does next. */
export type Move =
  | { kind: 'call'; calls: { name: string; args: Record<string, string> }[] }
  | { kind: 'say'; text: string }
  | { kind: 'overloaded' }

/** Results so far of one tool, parsed, in order. */
type Results = (tool: string) => Record<string, unknown>[]
type Script = (results: Results, healthy: boolean) => Move

const call = (name: string, args: Record<string, string>) => ({ name, args })

/** run_9fd2: wants both tools at once, and insists on the search as long as it fails. */
const refundQuestion: Script = (results) => {
  const search = call('search_docs', { query: 'refund policy opened item' })
  const last = results('search_docs').at(-1)
  if (!last) return { kind: 'call', calls: [call('lookup_order', { order_id: 'A-20417' }), search] }
  if ('error' in last) return { kind: 'call', calls: [search] }
  return {
    kind: 'say',
    text: 'Yes: by our refund policy you can return the headphones within 30 days of delivery, even opened.',
  }
}

/** run_a113: looks the order up; by the time it should put the answer into words, the model is overloaded. */
const orderStatus: Script = (results, healthy) => {
  const order = results('lookup_order').at(-1)
  if (!order) return { kind: 'call', calls: [call('lookup_order', { order_id: 'A-30988' })] }
  if (!healthy) return { kind: 'overloaded' }
  return { kind: 'say', text: `Your parcel is on its way and should arrive on ${order.delivery_date}.` }
}

/** run_d77c: asks the same question again as long as the search finds nothing. */
const policyQuestion: Script = (results) => {
  const last = results('search_docs').at(-1)
  const hits = (last?.hits ?? []) as { text: string }[]
  if (hits.length === 0) return { kind: 'call', calls: [call('search_docs', { query: 'gift card balance expiry' })] }
  return { kind: 'say', text: `Good news: ${hits[0]?.text}` }
}

const SCRIPTS: [topic: RegExp, script: Script][] = [
  [/refund/i, refundQuestion],
  [/where is my parcel/i, orderStatus],
  [/gift card/i, policyQuestion],
]

/** Decides by the content of the conversation alone what the model does next; undefined for one it does not know. */
export function nextMove(messages: ScriptMessage[], healthy: boolean): Move | undefined {
  const question = messages.find(({ role }) => role === 'user')?.content ?? ''
  const script = SCRIPTS.find(([topic]) => topic.test(question))?.[1]
  return script?.((tool) => resultsOf(tool, messages), healthy)
}

function resultsOf(tool: string, messages: ScriptMessage[]): Record<string, unknown>[] {
  const calls = messages.flatMap((message) => message.tool_calls ?? [])
  const ids = new Set(calls.filter((each) => each.function.name === tool).map(({ id }) => id))
  return messages
    .filter((message) => message.tool_call_id !== undefined && ids.has(message.tool_call_id))
    .map((message) => JSON.parse(message.content ?? '{}') as Record<string, unknown>)
}
