import { conversation, envelope, idOf } from './conversation.ts'
import { textOf } from './text.ts'

/** One recorded request and its answer. */
export interface Exchange {
  /** Unique among all workloads. */
  key: string
  request: { headers: [string, string][]; body: string }
  answer: { headers: [string, string][]; chunks: string[] }
  /** The whole body of the answer. */
  text: string
}

export type WorkloadName = keyof typeof WORKLOADS

/**
 * What is asked and answered. `large` are consecutive turns of one run, which re-sends its history; the requests of
 * `large_new` have nothing in common. `slow` is for the delay of the first chunk. `steps` are the calls of a short run, in
 * turn one of a model and one of a tool.
 */
const WORKLOADS = {
  small: (index: number) =>
    jsonExchange(smallRequest(index), { role: 'assistant', content: textOf(index, 600) }, index),
  large: (index: number) => turnExchange(1, 58 + index),
  large_new: (index: number) => turnExchange(10_000 * (index + 1), 58),
  sse: (index: number) => streamExchange(index, 200),
  slow: (index: number) => streamExchange(index, 20),
  steps: (index: number) => (index % 2 === 0 ? turnExchange(1, index / 2) : toolExchange((index - 1) / 2)),
}

export const WORKLOAD_LABELS: Record<WorkloadName, string> = {
  small: 'small JSON (1 kB / 1 kB)',
  large: '200 kB request / 4 kB answer',
  large_new: '200 kB request, unrelated to the last',
  sse: 'stream of 200 chunks',
  slow: 'slow stream',
  steps: 'a run of ten steps',
}

/** The first `count` exchanges of a workload; always the same. */
export function exchangesOf(name: WorkloadName, count: number): Exchange[] {
  return Array.from({ length: count }, (_, index) => ({ ...WORKLOADS[name](index), key: `${name}/${index}` }))
}

type Unnamed = Omit<Exchange, 'key'>

const REQUEST_HEADERS: [string, string][] = [
  ['accept', 'application/json'],
  ['authorization', 'Bearer sk-bench-0123456789abcdefghijklmnop'],
  ['content-type', 'application/json'],
  ['user-agent', 'bench/1.0'],
]

function smallRequest(index: number): string {
  return JSON.stringify({
    model: 'gpt-4.1-mini',
    temperature: 0,
    messages: [
      { role: 'system', content: textOf(1, 350) },
      { role: 'user', content: textOf(index, 450) },
    ],
  })
}

function turnExchange(seed: number, turn: number): Unnamed {
  const [found] = conversation(seed, turn, 1)
  if (found === undefined) throw new Error('a conversation has no such turn')
  return jsonExchange(JSON.stringify(found.request), { role: 'assistant', content: textOf(turn, 3_600) }, turn)
}

function toolExchange(turn: number): Unnamed {
  const body = JSON.stringify({ name: 'search_docs', arguments: { query: textOf(turn + 3_000, 120), limit: 5 } })
  return jsonExchange(body, { role: 'tool', content: textOf(turn + 7_000, 1_400) }, turn)
}

function jsonExchange(body: string, message: { role: string; content: string }, index: number): Unnamed {
  const text = JSON.stringify(envelope(3, index, message))
  return {
    request: { headers: REQUEST_HEADERS, body },
    answer: { headers: answerHeaders('application/json', index), chunks: [text] },
    text,
  }
}

function streamExchange(index: number, count: number): Unnamed {
  const body = JSON.stringify({ ...JSON.parse(smallRequest(index)), stream: true })
  const id = `chatcmpl-${idOf(4, index)}`
  const chunks = Array.from({ length: count }, (_, i) => {
    const delta = { content: ` ${textOf(i, 12)}` }
    const event = { id, object: 'chat.completion.chunk', model: 'gpt-4.1-mini', choices: [{ index: 0, delta }] }
    return `data: ${JSON.stringify(event)}\n\n`
  })
  chunks[count - 1] = 'data: [DONE]\n\n'
  return {
    request: { headers: REQUEST_HEADERS, body },
    answer: { headers: answerHeaders('text/event-stream', index), chunks },
    text: chunks.join(''),
  }
}

function answerHeaders(type: string, index: number): [string, string][] {
  return [
    ['content-type', type],
    ['x-request-id', `req_${idOf(5, index)}`],
    ['x-ratelimit-remaining-requests', String(9_999 - index)],
  ]
}
