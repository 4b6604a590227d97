import http2, { type ClientHttp2Session, type ClientHttp2Stream, type ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { doNothing } from '../../core/nothing.ts'
import type { HeaderList } from '../../model/interaction.ts'
import { type BoundaryContext, currentContext, type HttpHead, runInContext, type ServedExchange } from '../tape.ts'
import { encodeBody, encodeWhole, spread } from './encode-body.ts'
import { askOf, idleError, resetCode } from './http2-messages.ts'
import { iterateBody } from './iterate-body.ts'

const NULL_BODY = new Set([204, 205, 304])

/** What belongs to a connection of HTTP/1 and has no place here: recordings may come from there. */
const OF_CONNECTION = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|http2-settings)$/

/** No limit that a client would have to wait for: what the real server allowed is in the recorded times. */
const SETTINGS = { maxConcurrentStreams: 2 ** 31 - 1 }

type Headers = Record<string, string | number | string[]>

/**
 * The other end of a client's connection of HTTP/2 in a replay: takes its requests, asks the tape, and gives each answer, each
 * part when it is due. Where the recorded stream was reset, this one is; where the recorded connection broke, this one does.
 */
export class ServedSession {
  readonly #client: ClientHttp2Session
  /** Streams that the client has open, with the code that asked for each. */
  readonly #asked = new Map<ClientHttp2Stream, BoundaryContext | null>()
  readonly #idle = new WeakSet<ClientHttp2Stream>()
  /** Why the connection breaks once nothing is open on it. */
  #broken: { error: Error | undefined } | null = null

  constructor(client: ClientHttp2Session) {
    this.#client = client
  }

  /** The client is connected. */
  open(wire: Duplex): void {
    const server = http2.performServerHandshake(wire, { settings: SETTINGS, strictSingleValueFields: false } as object)
    server.on('error', doNothing)
    server.on('stream', (stream, headers) => {
      stream.on('error', doNothing)
      const client = [...this.#asked.keys()].find(({ id }) => id === stream.id)
      const context = (client && this.#asked.get(client)) ?? currentContext()
      if (client === undefined || context === null) stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
      else runInContext(context, () => void this.#take(client, stream, headers, context))
    })
  }

  /** Takes note of a request that the client begins. */
  expect(stream: ClientHttp2Stream, context: BoundaryContext | null): void {
    this.#asked.set(stream, context)
    stream.once('timeout', () => this.#idle.add(stream))
    stream.once('close', () => {
      this.#asked.delete(stream)
      this.#breakOff()
    })
  }

  async #take(
    client: ClientHttp2Stream,
    stream: ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    context: BoundaryContext,
  ): Promise<void> {
    const pieces: Buffer[] = []
    stream.on('data', (piece: Buffer) => pieces.push(piece))
    await new Promise((resolve) => stream.once('end', resolve))
    // It was given up before it was sent whole.
    if (stream.destroyed) return
    const body = pieces.length === 0 ? null : Buffer.concat(pieces)
    const decision = context.tape.http({ ...askOf(headers), body }, context)
    if (decision.kind !== 'serve') throw new Error('the tape of a replay let a request proceed')
    const { exchange } = decision
    stream.once('close', () => exchange.abort(client.errored ?? (this.#idle.has(client) ? idleError() : undefined)))
    try {
      await giveAnswer(stream, exchange, headers[':method'] === 'HEAD')
    } catch (error) {
      this.#fail(client, stream, error as Error)
    }
  }

  /** The client meets the recorded error: of its stream alone, or of the connection. */
  #fail(client: ClientHttp2Stream, stream: ServerHttp2Stream, error: Error): void {
    const code = resetCode(error)
    if (code !== null) {
      if (!stream.destroyed) reset(stream, code)
      return
    }
    // A stream that waits for its connection is told of the connection's error as a cause.
    const cause = (error as Error & { code?: string }).code === 'ERR_HTTP2_STREAM_CANCEL' ? error.cause : error
    this.#broken ??= { error: cause as Error | undefined }
    client.destroy(error)
  }

  #breakOff(): void {
    if (this.#broken !== null && this.#asked.size === 0 && !this.#client.destroyed)
      this.#client.destroy(this.#broken.error)
  }
}

/** Resets a stream where it stands: Node's own `close` ends it first, so that what was cut off looks whole. */
function reset(stream: ServerHttp2Stream, code: number): void {
  const key = Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'kHandle')
  const handle = key && (stream as unknown as Record<symbol, { rstStream?(code: number): void } | undefined>)[key]
  if (typeof handle?.rstStream === 'function') handle.rstStream(code)
  else stream.close(code)
}

async function giveAnswer(stream: ServerHttp2Stream, exchange: ServedExchange, isHead: boolean): Promise<void> {
  for await (const before of exchange.information?.() ?? []) {
    if (!stream.destroyed) stream.additionalHeaders({ ':status': before.status, ...toHeaders(before.headers) })
  }
  const head = await exchange.head
  if (stream.destroyed) return
  const hasBody = !isHead && !NULL_BODY.has(head.status)
  const { headers, body } = frame(head, exchange, hasBody)
  const { trailers } = exchange
  const waitForTrailers = trailers !== undefined
  if (waitForTrailers) stream.once('wantTrailers', () => stream.sendTrailers(toHeaders(trailers)))
  stream.respond({ ':status': head.status, ...toHeaders(headers) }, {
    endStream: !hasBody,
    waitForTrailers,
    sendDate: false,
  } as object)
  for await (const piece of body) {
    if (stream.destroyed) return
    if (hasBody && piece.byteLength > 0) stream.write(piece)
  }
  if (!stream.destroyed && hasBody) stream.end()
}

interface Framed {
  headers: HeaderList
  body: AsyncIterable<Uint8Array>
}

/** How an answer goes over the line, as far as its body still has the length and coding that its head announces. */
function frame(head: HttpHead, exchange: ServedExchange, hasBody: boolean): Framed {
  const headers = head.headers.filter(([name]) => !OF_CONNECTION.test(name))
  if (!hasBody) return { headers, body: iterateBody(exchange) }
  const announced = headers.find(([name]) => name === 'content-length')?.[1]
  const whole = announced === undefined ? null : encodeWhole(head, exchange, Number(announced))
  const encoded = whole === null ? encodeBody(head, exchange) : null
  const length = whole?.byteLength ?? (encoded === null ? exchange.length : null)
  // How long a body will be that is coded on its way is not known before its end.
  const known = typeof length === 'number' ? String(length) : encoded === null ? announced : undefined
  const framed = headers.flatMap(
    ([name, value]): HeaderList =>
      name !== 'content-length' ? [[name, value]] : known === undefined ? [] : [[name, known]],
  )
  return { headers: framed, body: whole === null ? (encoded ?? iterateBody(exchange)) : spread(whole, exchange) }
}

function toHeaders(list: HeaderList): Headers {
  const headers: Headers = Object.create(null) as Headers
  for (const [name, value] of list) {
    const known = headers[name]
    headers[name] = known === undefined ? value : [...(Array.isArray(known) ? known : [String(known)]), value]
  }
  return headers
}
