/** Bytes of answers, as servers write them. */
import type { Step } from './fault.ts'

type Headers = Record<string, string | number | string[]>

/** The head of an answer. */
export function head(status: string, headers: Headers = {}): string {
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`))
  return [`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n')
}

/** A whole answer with its length. */
export function whole(status: string, headers: Headers, body: string | Uint8Array = ''): Step[] {
  const bytes = Buffer.from(body as string)
  return [Buffer.concat([Buffer.from(head(status, { ...headers, 'content-length': bytes.length })), bytes])]
}

export const JSON_TYPE = { 'content-type': 'application/json' }
const EVENTS = { 'content-type': 'text/event-stream; charset=utf-8' }

/** A chunk of a chunked body. */
export function chunk(body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body as string)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

export const LAST_CHUNK = '0\r\n\r\n'

/** The head of a stream of events, and each piece when the client has seen the one before. */
export function stream(pieces: (string | Uint8Array)[], end: Step[] = [LAST_CHUNK]): Step[] {
  const steps: Step[] = [head('200 OK', { ...EVENTS, 'transfer-encoding': 'chunked' })]
  for (const [i, piece] of pieces.entries()) steps.push(...(i > 0 ? ['seen' as const] : []), chunk(piece))
  return [...steps, ...(pieces.length > 0 ? ['seen' as const] : []), ...end]
}

const isAnthropic = (path: string): boolean => path.includes('/messages')

/** What a model answers, whole, for the protocol that the path belongs to. */
export function modelAnswer(path: string, content = 'Hello, world'): string {
  if (isAnthropic(path)) {
    return JSON.stringify({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: content }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 2 },
    })
  }
  const message = { role: 'assistant', content }
  return JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 0,
    model: 'm',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  })
}

/** What a provider says when it cannot answer. */
export function modelError(path: string, type: string, message: string): string {
  const error = { type, message }
  return JSON.stringify(isAnthropic(path) ? { type: 'error', error } : { error: { ...error, param: null, code: null } })
}

/** The events of an answer that says each of `texts`, one by one; the last ones end it. */
export function modelEvents(path: string, texts: string[] = ['Hel', 'lo, ', 'wörld 🦊']): string[] {
  if (!isAnthropic(path)) {
    const events = texts.map((content) => ({ index: 0, delta: { content }, finish_reason: null as string | null }))
    events.push({ index: 0, delta: { content: '' }, finish_reason: 'stop' })
    const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 0, model: 'm' }
    return [...events.map((choice) => data({ ...base, choices: [choice] })), 'data: [DONE]\n\n']
  }
  const usage = { input_tokens: 1, output_tokens: 1 }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, usage }
  const named = (event: { type: string }): string => `event: ${event.type}\n${data(event)}`
  return [
    named({ type: 'message_start', message } as { type: string }),
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as { type: string }),
    ...texts.map((text) =>
      named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } } as { type: string }),
    ),
    named({ type: 'content_block_stop', index: 0 } as { type: string }),
    named({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } } as {
      type: string
    }),
    named({ type: 'message_stop' }),
  ]
}

/** An event that tells of a failure within a stream that began well. */
export function errorEvent(path: string): string {
  const error = { type: 'overloaded_error', message: 'Overloaded' }
  return isAnthropic(path) ? `event: error\n${data({ type: 'error', error })}` : data({ error })
}

function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}
