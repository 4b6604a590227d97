import { AsyncLocalStorage } from 'node:async_hooks'
import type { Door, HeaderList, Payload } from '../model/interaction.ts'
import { findSpan, type OpenSpan } from './spans.ts'

/** One HTTP request as it leaves the agent. */
export interface HttpAsk {
  door: Door
  method: string
  /** Absolute URL. */
  url: string
  headers: HeaderList
  /** Exact bytes, or the text that they are in UTF-8; null without a body. */
  body: Uint8Array | string | null
  /** When the request left the agent, ms since the epoch, if that was before the tape is asked (a streamed body is read first). */
  at?: number | undefined
}

/** The head of an answer, whoever gives it. */
export interface HttpHead {
  status: number
  status_text: string
  headers: HeaderList
  /** The names of the headers as they came, where one of them is not in lower case. */
  names?: string[] | undefined
}

/** What a door tells a tape that lets a request proceed. Each method may be called at any time; none may throw. */
export interface HttpObserver {
  /** What came before the head: 100 to 199 but for 101. */
  information(head: HttpHead): void
  head(head: HttpHead): void
  /** Bytes as they came over the wire, content coding included. */
  chunk(bytes: Uint8Array): void
  /**
   * @param trailers What came after the body.
   * @param error What the client made of that which came behind the answer and belongs to none.
   */
  complete(trailers?: HeaderList, error?: unknown): void
  /** The client gave up. */
  aborted(reason: unknown): void
  /** The network failed, before the head or within the body. */
  failed(error: unknown): void
}

/** Takes the body of an answer, piece by piece. */
export interface BodySink {
  chunk(data: Payload): void
  end(): void
  /** The network's error, where the recorded connection broke. */
  fail(error: unknown): void
}

/** An answer that a tape gives itself. Times pass on the tape's clock. */
export interface ServedExchange {
  /** Resolves when the head is due, rejects with the network's error, and never settles when nothing came. */
  head: Promise<HttpHead>
  /** Yields what came before the head, each when it is due; missing when nothing did. */
  information?(): AsyncIterable<HttpHead>
  /** Gives the body to a sink, each chunk when it is due, and then its end; once, and no more after an abort. */
  flow(sink: BodySink): void
  /** Tells that the client gave up. */
  abort(reason: unknown): void
  /** True when the error is that no connection came about: a client cannot give up the request before it is told. */
  readonly isUnreachable?: boolean
  /** How long the whole body is, bytes; null when it never came to its end. */
  readonly length?: number | null
  /** The whole body, when it came to its end. */
  whole?(): Uint8Array | null
  readonly trailers?: HeaderList | undefined
  /** True when something came behind the answer that is none. */
  readonly hasSurplus?: boolean
  /** True when the body still has the content coding that its head announces. */
  readonly isCoded?: boolean
}

export type HttpDecision = { kind: 'proceed'; observer: HttpObserver } | { kind: 'serve'; exchange: ServedExchange }

/** One call of a wrapped tool or model function. */
export interface FunctionAsk {
  kind: 'tool' | 'model'
  name: string
  /** Those of its arguments that are recorded and compared. */
  args: unknown[]
  /** The function that was wrapped. */
  fn?: ((...args: never[]) => unknown) | undefined
}

export interface FunctionObserver {
  /** Id under which calls made within this one are nested. */
  id: string
  returned(value: unknown, how: Outcome): void
  threw(error: unknown, how: Outcome): void
}

/** How a function gave what it gave. */
export interface Outcome {
  /** True when it did so at once, not through a promise. */
  sync?: boolean
  /** What an async generator yielded, until it returned or threw. */
  yielded?: unknown[]
}

export type FunctionDecision = { kind: 'proceed'; observer: FunctionObserver } | { kind: 'serve'; result: unknown }

/** Is told what the agent draws at random. */
export interface DrawObserver {
  /** A value of `Math.random`. */
  random(value: number): void
  /** A value of `crypto.randomUUID`. */
  uuid(value: string): void
}

/** What a call is made within. */
export interface Within {
  /** Id of the wrapped call. */
  parent?: string | undefined
  /** The innermost of the spans that have a name. */
  span?: OpenSpan | null | undefined
}

/**
 * Decides what happens at the boundary: the recorder's tape lets calls proceed and writes them down,
 * the replayer's tape answers them from evidence.
 */
export interface Tape {
  /** `observe` when calls proceed to the real world, `serve` when they never do. */
  readonly mode: 'observe' | 'serve'
  /** Told what is drawn in the run, if the tape wants to know. */
  readonly draws?: DrawObserver | undefined
  http(ask: HttpAsk, within: Within): HttpDecision
  call(ask: FunctionAsk, within: Within): FunctionDecision
  /**
   * Whether somebody is there at an origin, as far as the tape knows: a client of HTTP/2 is connected before it asks anything.
   * Missing where nobody is.
   */
  holds?(origin: string): boolean
  /** Whether the tape can stand in for a child process that is a server, and the address under which it knows it. */
  server?(url: string): string | null
  /** Told of traffic that the doors see but cannot watch: `websocket` or `http2`, and with whom. */
  unwatched?(protocol: string, host: string): void
}

/** What a call at the boundary belongs to: a tape, and what it was made within. */
export interface BoundaryContext extends Within {
  tape: Tape
  /** The door that a request came in by, when it goes on through another one. */
  door?: Door | undefined
  /** The body of that request, if that door knows it. */
  body?: Uint8Array | undefined
}

const contexts = new AsyncLocalStorage<BoundaryContext | null>()
let ambient: BoundaryContext | null = null

/** The context of the code that is running: that of its run, else that of the whole process; null outside of any. */
export function currentContext(): BoundaryContext | null {
  const stored = contexts.getStore()
  const context = stored === undefined ? ambient : stored
  if (context === null) return null
  const span = findSpan()
  return span === null || span === context.span ? context : { ...context, span }
}

/** True for code that belongs to a run of its own, as the agent's does, not only to the process. */
export function isWithinRun(): boolean {
  return contexts.getStore() !== undefined
}

/** Runs `fn` so that all it does at the boundary, now and later, goes to `context`; with null, past every tape. */
export function runInContext<T>(context: BoundaryContext | null, fn: () => T): T {
  return contexts.run(context, fn)
}

/** Sends all of the process that is in no run of its own to `tape`; null ends it. */
export function setAmbientTape(tape: Tape | null): void {
  ambient = tape === null ? null : { tape }
}
