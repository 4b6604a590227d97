import net, { type NetConnectOpts, type Socket } from 'node:net'
import type { HeaderList } from '../../model/interaction.ts'
import { currentContext, type HttpHead, runInContext, type ServedExchange } from '../tape.ts'
import { encodeBody, encodeWhole, spread } from './encode-body.ts'
import { withRawNames } from './headers.ts'
import { iterateBody } from './iterate-body.ts'
import { isChunked, readHttpRequest, type WrittenRequest } from './read-http-request.ts'

const NULL_BODY = new Set([204, 205, 304])

/** What no answer begins with: stands for whatever came behind the recorded one. */
const NO_ANSWER = '\0'

/** Errors that Node makes up itself when the other side just ends the connection. */
const HANG_UPS = /^(socket hang up|aborted)$/

/**
 * The connection of a client of `node:http` in a replay: takes what the client writes, asks the tape, and gives the answer
 * byte by byte, each when it is due. Where the recorded connection broke, this one does.
 */
export class ServedSocket extends net.Socket {
  /** As a socket of TLS has it; clients look. */
  readonly encrypted: true | undefined
  readonly authorized: boolean | undefined
  readonly #protocol: 'http:' | 'https:'
  readonly #host: string
  #written: Buffer = Buffer.alloc(0)
  #continued = false
  #exchange: ServedExchange | null = null

  constructor(protocol: 'http:' | 'https:', options: NetConnectOpts) {
    super()
    const { host = 'localhost', port } = options as { host?: string; port?: number | string }
    this.#protocol = protocol
    this.#host = port === undefined ? host : `${host}:${port}`
    if (protocol === 'https:') {
      this.encrypted = true
      this.authorized = true
    }
    Object.assign(this, { connecting: true })
    // In a turn of its own, as for real: some clients look at their socket only a moment after they were told of it.
    setImmediate(() => this.#connect())
  }

  #connect(): void {
    if (!this.connecting || this.destroyed || this.#exchange?.isUnreachable) return
    Object.assign(this, { connecting: false })
    for (const event of ['connect', 'ready', ...(this.encrypted ? ['secureConnect'] : [])]) this.emit(event)
  }

  #whenConnected(callback: () => void): void {
    if (this.connecting) this.once(this.encrypted ? 'secureConnect' : 'connect', callback)
    else callback()
  }

  override _read(): void {
    // What there is was pushed.
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, callback: () => void): void {
    this._writev([{ chunk, encoding }], callback)
  }

  override _writev(chunks: { chunk: Buffer | string; encoding: BufferEncoding }[], callback: () => void): void {
    const pieces = chunks.map(({ chunk, encoding }) =>
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
    )
    this.#wake()
    this.#written = Buffer.concat([this.#written, ...pieces])
    this.#whenConnected(callback)
    this.#takeRequest()
  }

  override _final(callback: () => void): void {
    callback()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const exchange = this.#exchange
    this.#exchange = null
    exchange?.abort(error ?? undefined)
    // Of a socket without a handle Node tells that it is closed before those on it have settled, and not how.
    Object.assign(this, { _handle: { close: (onClosed: () => void) => setImmediate(onClosed) } })
    super._destroy(error, callback)
  }

  #takeRequest(): void {
    if (this.#exchange !== null) return
    const { head, isWhole, rest } = readHttpRequest(this.#written)
    if (head === null) return
    if (!isWhole) {
      this.#letGoOn(head)
      return
    }
    this.#written = rest
    const wasContinued = this.#continued
    this.#continued = false
    if (head.headers.some(([name]) => name === 'upgrade')) this.#refuse()
    else this.#ask(head, wasContinued)
  }

  /** Some clients wait to be told before they send the body. */
  #letGoOn({ headers }: WrittenRequest): void {
    if (this.#continued || !headers.some(([name, value]) => name === 'expect' && /100-continue/i.test(value))) return
    this.#continued = true
    this.#whenConnected(() => {
      this.#wake()
      this.push('HTTP/1.1 100 Continue\r\n\r\n')
    })
  }

  /** No recording can answer a connection that changes its protocol: the guard refuses it by name. */
  #refuse(): void {
    const [, host = 'localhost', port] = /^(.*?)(?::(\d+))?$/.exec(this.#host) ?? []
    const refused: Socket = net.connect(Number(port ?? (this.encrypted ? 443 : 80)), host)
    refused.on('error', (error) => this.destroy(error))
  }

  #ask({ method, target, headers, body }: WrittenRequest, wasContinued: boolean): void {
    const context = currentContext()
    if (context === null) return void this.destroy(new Error('a request left the agent outside of every run'))
    const host = headers.find(([name]) => name === 'host')?.[1] ?? this.#host
    const url = new URL(target, `${this.#protocol}//${host}`).href
    const decision = context.tape.http({ door: 'http', method, url, headers, body }, context)
    if (decision.kind !== 'serve') throw new Error('the tape of a replay let a request proceed')
    const { exchange } = decision
    this.#exchange = exchange
    void runInContext(context, () => this.#answer(exchange, method === 'HEAD', wasContinued))
  }

  async #answer(exchange: ServedExchange, isHead: boolean, wasContinued: boolean): Promise<void> {
    try {
      if (!exchange.isUnreachable) await new Promise<void>((resolve) => this.#whenConnected(resolve))
      for await (const before of exchange.information?.() ?? []) {
        if (before.status !== 100 || !wasContinued) this.#give(exchange, toLines(before, before.headers))
      }
      const head = await exchange.head
      const { lines, isChunked: chunked, hasEnd, hasBody, length, body } = frame(head, exchange, isHead)
      this.#give(exchange, lines)
      const surplus = exchange.hasSurplus ? NO_ANSWER : ''
      let left = length
      for await (const piece of body) {
        left -= piece.length
        if (hasBody && piece.length > 0) {
          this.#give(exchange, chunked ? toChunk(piece) : left > 0 ? piece : withEnd(piece, surplus))
        }
        // For the client the answer is complete, whatever becomes of the connection then.
        if (left <= 0) break
      }
      if (chunked) this.#give(exchange, `0\r\n${toHeaderLines(exchange.trailers ?? [])}\r\n${surplus}`)
      if (this.#exchange !== exchange) return
      this.#exchange = null
      if (!hasEnd) this.push(null)
      this.#takeRequest()
    } catch (error) {
      if (this.#exchange !== exchange) return
      this.#exchange = null
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'ECONNRESET' && HANG_UPS.test(message)) this.push(null)
      else this.destroy(error as Error)
    }
  }

  #give(exchange: ServedExchange, data: string | Uint8Array): void {
    if (this.#exchange !== exchange || this.destroyed) return
    this.#wake()
    this.push(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
  }

  /** Something comes or goes: Node sees that only on a handle. */
  #wake(): void {
    const { _unrefTimer } = this as unknown as { _unrefTimer?(): void }
    _unrefTimer?.call(this)
  }

  // There is no handle that these could be set on; Node would wait for one.
  override ref(): this {
    return this
  }
  override unref(): this {
    return this
  }
  override setNoDelay(): this {
    return this
  }
  override setKeepAlive(): this {
    return this
  }
}

interface Framed {
  lines: string
  isChunked: boolean
  /** False when the body ends with the connection. */
  hasEnd: boolean
  hasBody: boolean
  /** Announced length of the body; infinite when none is. */
  length: number
  body: AsyncIterable<Uint8Array>
}

/** How an answer goes over the line: as it did when it was recorded, as far as its body still has that length and coding. */
function frame(head: HttpHead, exchange: ServedExchange, isHead: boolean): Framed {
  const hasBody = !isHead && !NULL_BODY.has(head.status)
  const announced = head.headers.find(([name]) => name === 'content-length')?.[1]
  const whole = hasBody && announced !== undefined ? encodeWhole(head, exchange, Number(announced)) : null
  const encoded = hasBody && whole === null ? encodeBody(head, exchange) : null
  const headers = head.headers.flatMap(([name, value]): [string, string][] => {
    if (name !== 'content-length' || !hasBody) return [[name, value]]
    if (whole !== null) return [[name, String(whole.byteLength)]]
    // How long the coded body will be is not known before its end.
    if (encoded !== null) return [['transfer-encoding', 'chunked']]
    return [[name, typeof exchange.length === 'number' ? String(exchange.length) : value]]
  })
  const chunked = hasBody && isChunked(headers)
  return {
    lines: toLines(head, withRawNames(headers, head.names)),
    isChunked: chunked,
    hasEnd: !hasBody || chunked || headers.some(([name]) => name === 'content-length'),
    hasBody,
    length: Number(headers.find(([name]) => name === 'content-length')?.[1] ?? Number.POSITIVE_INFINITY),
    body: whole === null ? (encoded ?? iterateBody(exchange)) : spread(whole, exchange),
  }
}

function toLines({ status, status_text }: HttpHead, headers: HeaderList): string {
  return `HTTP/1.1 ${status} ${status_text}\r\n${toHeaderLines(headers)}\r\n`
}

function toHeaderLines(headers: HeaderList): string {
  return headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
}

function withEnd(piece: Uint8Array, end: string): Uint8Array {
  return end === '' ? piece : Buffer.concat([piece, Buffer.from(end)])
}

function toChunk(piece: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
}
