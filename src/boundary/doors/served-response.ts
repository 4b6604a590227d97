import type { UnderlyingByteSource } from 'node:stream/web'
import { payloadBytes, toPayload } from '../../model/interaction.ts'
import type { BodySink, HttpHead, ServedExchange } from '../tape.ts'
import { decodeBody } from './decode-body.ts'

const NULL_BODY = new Set([101, 103, 204, 205, 304])
const encoder = new TextEncoder()
const decoder = new TextDecoder()

interface ServedResponseOptions {
  head: HttpHead
  exchange: ServedExchange
  signal: AbortSignal | null
  url: string
  /** Whether only the head was asked for: then there is no body. */
  isHead: boolean
  redirected: boolean
}

type Collected = { texts: string[]; isText: true } | { bytes: Buffer[]; isText: false }

/** Its type says that nothing of it can be replaced; all of it is a getter or a method. */
const BaseResponse = Response as unknown as new (body: null, init: ResponseInit) => object

/** What `fetch` gives in a replay: told from Node's own response by nothing that a client looks at. */
export function buildResponse(options: ServedResponseOptions): Response {
  return new ServedResponse(options) as unknown as Response
}

/**
 * A body that is read as a whole is put together without a stream; any other use of it makes
 * one. All else is Node's own response.
 */
class ServedResponse extends BaseResponse {
  readonly #options: ServedResponseOptions
  /** A response with the body as a stream, once that is needed. */
  #streamed: Response | null = null
  #isRead = false

  constructor(options: ServedResponseOptions) {
    super(null, initOf(options.head))
    this.#options = options
  }

  get headers(): Headers {
    const headers = headersOf.call(this)
    if (Object.getPrototypeOf(headers) === Headers.prototype) Object.setPrototypeOf(headers, GivenHeaders)
    return headers
  }

  get url(): string {
    return this.#options.url
  }

  get redirected(): boolean {
    return this.#options.redirected
  }

  get type(): string {
    return 'basic'
  }

  get body(): Response['body'] {
    return this.#stream().body
  }

  get bodyUsed(): boolean {
    return this.#streamed === null ? this.#isRead : this.#streamed.bodyUsed
  }

  clone(): Response {
    if (this.#isRead) return this.#stream().clone()
    const copy = new ServedResponse(this.#options)
    copy.#streamed = this.#stream().clone()
    return copy as unknown as Response
  }

  async text(): Promise<string> {
    return this.#isWhole ? textOf(await this.#collect()) : this.#stream().text()
  }

  async json(): Promise<unknown> {
    return this.#isWhole ? JSON.parse(textOf(await this.#collect())) : this.#stream().json()
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#isWhole ? toBytes(await this.#collect()).buffer : this.#stream().arrayBuffer()
  }

  async bytes(): Promise<Uint8Array> {
    return this.#isWhole ? toBytes(await this.#collect()) : this.#stream().bytes()
  }

  blob(): Promise<Blob> {
    return this.#stream().blob()
  }

  formData(): Promise<FormData> {
    return this.#stream().formData()
  }

  /** Whether the body can be put together without a stream. */
  get #isWhole(): boolean {
    const { exchange } = this.#options
    return this.#streamed === null && !this.#isRead && exchange.isCoded !== true && hasBody(this.#options)
  }

  #collect(): Promise<Collected> {
    this.#isRead = true
    return collect(this.#options)
  }

  #stream(): Response {
    if (this.#streamed !== null) return this.#streamed
    const { head } = this.#options
    if (this.#isRead) {
      // As of any response that was read: there is a stream, and nobody can read it any more.
      this.#streamed = new Response('', initOf(head))
      void this.#streamed.text()
    } else {
      this.#streamed = new Response(hasBody(this.#options) ? streamOf(this.#options) : null, initOf(head))
    }
    return this.#streamed
  }
}
Object.defineProperty(ServedResponse, 'name', { value: 'Response' })
Object.defineProperty(ServedResponse.prototype, 'constructor', { value: Response })

const { get: headersOf } = Object.getOwnPropertyDescriptor(Response.prototype, 'headers') as { get(): Headers }

function refuseChange(): never {
  throw new TypeError('immutable')
}

/** Headers as those of any response that came from elsewhere: nobody may change them. */
const GivenHeaders = Object.create(Headers.prototype, {
  append: { value: refuseChange },
  delete: { value: refuseChange },
  set: { value: refuseChange },
}) as object

function hasBody({ head, isHead }: ServedResponseOptions): boolean {
  return !isHead && !NULL_BODY.has(head.status)
}

function initOf({ status, status_text, headers }: HttpHead): ResponseInit {
  return { status, statusText: status_text, headers: headers as [string, string][] }
}

function textOf(collected: Collected): string {
  if (!collected.isText) return decoder.decode(Buffer.concat(collected.bytes))
  const [first] = collected.texts
  const text = first !== undefined && collected.texts.length === 1 ? first : collected.texts.join('')
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/** In a buffer of their own, which the client may transfer. */
function toBytes(collected: Collected): Uint8Array<ArrayBuffer> {
  return collected.isText ? encoder.encode(collected.texts.join('')) : new Uint8Array(Buffer.concat(collected.bytes))
}

/** The whole body, once it is there. */
function collect({ exchange, signal }: ServedResponseOptions): Promise<Collected> {
  return new Promise((resolve, reject) => {
    const texts: string[] = []
    let bytes: Buffer[] | null = null
    const sink = watchAbort(exchange, signal, {
      chunk(data) {
        // Text that follows bytes may be the rest of a character.
        if (bytes === null && 'text' in data) texts.push(data.text)
        else {
          bytes ??= texts.map((text) => Buffer.from(text))
          bytes.push(payloadBytes(data))
        }
      },
      end: () => resolve(bytes === null ? { texts, isText: true } : { bytes, isText: false }),
      fail: reject,
    })
    if (sink !== null) exchange.flow(sink)
  })
}

/** The body as a stream, as `fetch` makes one. */
function streamOf({ head, exchange, signal }: ServedResponseOptions): ReadableStream<Uint8Array> {
  const source: UnderlyingByteSource = {
    type: 'bytes',
    start(controller) {
      const sink = watchAbort(exchange, signal, {
        chunk(data) {
          // A stream takes the buffer of what it is given.
          const bytes = 'text' in data ? encoder.encode(data.text) : new Uint8Array(payloadBytes(data))
          if (bytes.byteLength > 0) controller.enqueue(bytes)
        },
        end() {
          controller.close()
          // A reader of its own buffer waits for an answer to it.
          controller.byobRequest?.respond(0)
        },
        fail: (error) => controller.error(error),
      })
      if (sink === null) return
      if (exchange.isCoded) void decodeTo(sink, head, exchange)
      else exchange.flow(sink)
    },
    cancel: (reason) => exchange.abort(reason),
  }
  return new ReadableStream(source)
}

async function decodeTo(sink: BodySink, head: HttpHead, exchange: ServedExchange): Promise<void> {
  try {
    for await (const bytes of decodeBody(head, exchange)) sink.chunk(toPayload(bytes))
    sink.end()
  } catch (error) {
    sink.fail(error)
  }
}

/**
 * The sink as the network and the caller's signal leave it: a break ends it as `fetch` reports one, an abort with the reason.
 * Null when it is aborted already.
 */
function watchAbort(exchange: ServedExchange, signal: AbortSignal | null, sink: BodySink): BodySink | null {
  let isOver = false
  const onAbort = (): void => {
    if (isOver) return
    isOver = true
    exchange.abort(signal?.reason)
    sink.fail(signal?.reason)
  }
  if (signal?.aborted) {
    onAbort()
    return null
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  const finish = (then: () => void): void => {
    if (isOver) return
    isOver = true
    signal?.removeEventListener('abort', onAbort)
    then()
  }
  return {
    chunk(data) {
      if (!isOver) sink.chunk(data)
    },
    end: () => finish(() => sink.end()),
    fail: (error) => finish(() => sink.fail(new TypeError('terminated', { cause: error }))),
  }
}
