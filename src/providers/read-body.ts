import { createParser } from 'eventsource-parser'
import { type JsonValue, parseJson } from '../core/json.ts'
import { answerText, type HttpAnswer, headerValue, payloadBytes } from '../model/interaction.ts'
import { findModelError, malformedAnswer, readHttpError } from './model-error.ts'
import type { ModelAnswer } from './protocol.ts'

/** One server-sent event with data. */
export interface StreamEvent {
  name: string | null
  /** The data as JSON; undefined when it is not JSON. */
  json: JsonValue | undefined
  data: string
  /** When the event was complete: offset from the request, ms. */
  at_ms: number
}

/** An answer of which nothing is known yet. */
export function blankAnswer(): ModelAnswer {
  return {
    model: null,
    id: null,
    text: '',
    tool_calls: [],
    finish_reason: null,
    finish: null,
    usage: null,
    refusal: null,
    error: null,
    complete: false,
    complete_ms: null,
  }
}

/** What a protocol makes of a body that is not an error; both write into the blank answer they are given. */
export interface BodyReader {
  json(answer: ModelAnswer, body: JsonValue, at_ms: number): void
  stream(answer: ModelAnswer, events: StreamEvent[]): void
  /** The events of a stream that is framed in another way than server-sent events; null for a body that is none. */
  events?(answer: HttpAnswer): StreamEvent[] | null
}

/** Reads an answer by status and content: as an error, a stream or a JSON body. */
export function readAnswerBody(answer: HttpAnswer, reader: BodyReader): ModelAnswer {
  const draft = blankAnswer()
  const text = answerText(answer)
  const at_ms = answer.chunks.at(-1)?.[0] ?? answer.headers_ms
  const framed = answer.status < 400 ? reader.events?.(answer) : null
  if (framed) {
    reader.stream(draft, framed)
  } else if (answer.status < 400 && isEventStream(answer, text)) {
    reader.stream(draft, [...readEvents(answer), ...readBareError(text, at_ms)])
  } else {
    const body = parseJson(text)
    if (answer.status >= 400) {
      draft.error = readHttpError(body, text, answer.status)
      draft.complete = true
    } else if (body === undefined) {
      draft.error = malformedAnswer(text === '' ? 'The answer is empty.' : 'The answer is not JSON.')
    } else {
      reader.json(draft, body, at_ms)
      draft.complete = true
    }
    if (draft.complete) draft.complete_ms = at_ms
  }
  if (draft.error !== null) draft.finish = 'error'
  return draft
}

/** By content type, else by the look of it: some recordings have lost their headers, and some servers call their events JSON. */
function isEventStream(answer: HttpAnswer, text: string): boolean {
  const type = headerValue(answer.headers, 'content-type') ?? ''
  return /text\/event-stream/i.test(type) || /^\uFEFF?(?:data|event|id|retry)?:/.test(text)
}

/** The events of a stream, each with the time at which it was complete. An event that broke off is left out. */
function readEvents(answer: HttpAnswer): StreamEvent[] {
  const events: StreamEvent[] = []
  let now = answer.headers_ms
  const parser = createParser({
    onEvent: ({ event, data }) => events.push({ name: event ?? null, json: parseJson(data), data, at_ms: now }),
  })
  // Chunks may split a character, so their bytes are decoded as one stream.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for (const [offset, payload] of answer.chunks) {
    now = offset
    parser.feed(decoder.decode(payloadBytes(payload), { stream: true }))
  }
  return events
}

/** Some servers break a stream off with an error that is no event, but JSON on lines of its own. */
function readBareError(text: string, at_ms: number): StreamEvent[] {
  const start = /^[ \t]*[[{]/m.exec(text)
  const data = start === null ? '' : text.slice(start.index)
  const json = parseJson(data)
  return findModelError(json) === null ? [] : [{ name: 'error', json, data, at_ms }]
}
