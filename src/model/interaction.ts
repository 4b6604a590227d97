import type { JsonValue } from '../core/json.ts'
import type { Evidence } from './evidence.ts'
import type { ErrorShape } from './run.ts'

/** Header lines in wire order, duplicates kept, names in lower case. */
export type HeaderList = [name: string, value: string][]

/** Exact bytes: as text when they are valid UTF-8, else in base64. */
export type Payload = { text: string } | { base64: string }

/** Which door of the boundary a request went through; `stdio` for a message to a child process, `transport` for one over a transport of MCP that was wrapped. */
export type Door = 'fetch' | 'undici' | 'http' | 'http2' | 'stdio' | 'transport'

export interface HttpRequest {
  method: string
  /** Absolute URL, secrets replaced. */
  url: string
  headers: HeaderList
  /** Null when the request has no body. */
  body: Payload | null
}

/** What a server says before the head of its answer, such as 103 Early Hints. */
export interface HttpInformation {
  status: number
  status_text: string
  headers: HeaderList
  /** When it came: offset from the call, ms. */
  offset_ms: number
}

export interface HttpAnswer {
  status: number
  status_text: string
  headers: HeaderList
  /** The names of the headers as they came, where one of them is not in lower case. */
  names?: string[] | undefined
  /** What came before the head; missing when nothing did. */
  information?: HttpInformation[] | undefined
  /** When the headers came: offset from the call, ms. */
  headers_ms: number
  /** The body as it came, content coding removed: offset from the call (ms) and bytes. */
  chunks: [offset_ms: number, data: Payload][]
  /** True when the body still has its content coding: it is unknown, or the bytes are not of it. */
  coded?: boolean | undefined
  /** What came after the body; missing when nothing did. */
  trailers?: HeaderList | undefined
  /** The URL that answered, when redirects led elsewhere. */
  url?: string | undefined
}

/**
 * How an interaction ended, and when (offset from the call, ms).
 * `complete`: the whole answer came; with an error when the client choked on what came behind it. `aborted`: the client gave up, before or within the answer.
 * `cut`: the connection broke within the answer. `failed`: no answer came, only a network error.
 */
export interface InteractionEnd {
  kind: 'complete' | 'aborted' | 'cut' | 'failed'
  offset_ms: number
  error?: ErrorShape | undefined
}

/** A span around a call, by its name. */
export interface SpanName {
  /** `invoke_agent triage`, `plan`. */
  name: string
  /** Which one of this name it is within the span around it, from 1; missing for the first. */
  nth?: number | undefined
}

interface InteractionBase {
  /** `c1`, `c2`, … in order of the calls, unique in its recording. */
  id: string
  /** When the call left the agent: offset from the start of the run, ms. */
  started_ms: number
  /** The wrapped tool or model call within which this one was made. */
  parent?: string | undefined
  /** The spans that it was made within, outermost first, where a framework or the agent names them. For people: nothing is compared by it. */
  spans?: SpanName[] | undefined
  /** Null when the process died before the answer was complete. */
  end: InteractionEnd | null
  /** How good the answer is as evidence; only in a replay's recording. */
  evidence?: Evidence | undefined
}

export interface HttpInteraction extends InteractionBase {
  kind: 'http'
  door: Door
  request: HttpRequest
  /** Null when no headers came. */
  answer: HttpAnswer | null
}

/** A call of a function wrapped by `tool(name, fn)` or `model(name, fn)`. */
export interface FunctionInteraction extends InteractionBase {
  kind: 'tool' | 'model'
  name: string
  args: JsonValue
  /** What the function returned; undefined when it threw or never settled. */
  value?: JsonValue | undefined
  /** True when arguments or value hold something that JSON cannot: then the call is no exact evidence. */
  lossy?: boolean | undefined
  /** True when the function returned or threw at once, not through a promise: a replay has to do the same. */
  sync?: boolean | undefined
  /** True when the function is an async generator, and the value the list of what it yielded. */
  yields?: boolean | undefined
  /** True when the function itself ran in a replay: then its own calls are what was answered, and it has no evidence. */
  ran?: boolean | undefined
}

/** One request and its answer across the boundary. */
export type Interaction = HttpInteraction | FunctionInteraction

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The payload of some bytes. */
export function toPayload(bytes: Uint8Array): Payload {
  try {
    return { text: utf8.decode(bytes) }
  } catch {
    return { base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') }
  }
}

/** The payload of a body, given as bytes or as the text that they are. */
export function asPayload(body: Uint8Array | string): Payload {
  return typeof body === 'string' ? { text: body.toWellFormed() } : toPayload(body)
}

/** The bytes of a payload. */
export function payloadBytes(payload: Payload): Buffer {
  return 'text' in payload ? Buffer.from(payload.text, 'utf8') : Buffer.from(payload.base64, 'base64')
}

/** A payload as text; bytes that are not UTF-8 become U+FFFD. For reading, never for serving. */
export function payloadText(payload: Payload): string {
  return 'text' in payload ? payload.text : payloadBytes(payload).toString('utf8')
}

/** The whole body of an answer as text. For reading, never for serving. */
export function answerText(answer: HttpAnswer): string {
  if (answer.chunks.every(([, data]) => 'text' in data)) {
    return answer.chunks.map(([, data]) => (data as { text: string }).text).join('')
  }
  return Buffer.concat(answer.chunks.map(([, data]) => payloadBytes(data))).toString('utf8')
}

/** The value of a header, case-insensitive; the first of several. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  const wanted = name.toLowerCase()
  return headers.find(([key]) => key.toLowerCase() === wanted)?.[1]
}
