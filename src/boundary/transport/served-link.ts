import { doNothing } from '../../core/nothing.ts'
import { type Payload, payloadBytes } from '../../model/interaction.ts'
import { cancellation, readRpcLine } from '../stdio/json-rpc-line.ts'
import { LineSplitter } from '../stdio/line-splitter.ts'
import { SERVER_ENDED } from '../stdio/server-journal.ts'
import { type BoundaryContext, currentContext, type ServedExchange } from '../tape.ts'

interface Listener {
  /** A message of the server, as JSON. */
  onLine(text: string): void
  /** The server ended the connection. */
  onEnd(): void
}

/** What stands in for a server of MCP behind a transport: the recording answers the messages that the client sends. */
export class ServedLink {
  readonly #url: string
  readonly #context: BoundaryContext
  readonly #listener: Listener
  /** What is not answered yet, by the ids of the requests. */
  readonly #open = new Map<string, ServedExchange>()
  #stream: ServedExchange | null = null
  #isOver = false

  constructor(url: string, context: BoundaryContext, listener: Listener) {
    this.#url = url
    this.#context = context
    this.#listener = listener
    // A server that the recording does not know is told of by the first message to it.
    if ((context.tape.server?.(url) ?? null) === null) return
    this.#stream = this.#ask('GET', null)
    this.#follow(this.#stream, () => {
      if (!this.#isOver) this.#listener.onEnd()
    })
  }

  /** Resolves when the server took the message, rejects when it did not get there. */
  async send(text: string): Promise<void> {
    if (this.#isOver) throw new Error('Not connected')
    const line = readRpcLine(text)
    const exchange = this.#ask('POST', text)
    if (line?.cancels != null) this.#open.get(line.cancels.id)?.abort(cancellation(line.cancels.reason))
    const ids = line?.asks ?? []
    for (const id of ids) this.#open.set(id, exchange)
    this.#follow(exchange, () => {
      for (const id of ids) this.#open.delete(id)
    })
    await exchange.head.catch((error: unknown) => {
      // It got there, and no answer came back: that the connection is over is told by its stream.
      if (!(error instanceof Error && error.message === SERVER_ENDED)) throw error
    })
  }

  /** The agent lets go of the connection. */
  leave(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stream?.abort(undefined)
    for (const exchange of this.#open.values()) exchange.abort(undefined)
    this.#open.clear()
  }

  /** Gives what the server says to the client, as it is due. */
  #follow(exchange: ServedExchange, onEnd: () => void): void {
    const lines = new LineSplitter()
    const sink = {
      chunk: (data: Payload): void => {
        for (const line of lines.add(payloadBytes(data))) {
          const text = line.toString('utf8').trim()
          if (text !== '' && !this.#isOver) this.#listener.onLine(text)
        }
      },
      end: onEnd,
      fail: onEnd,
    }
    exchange.head.then(() => exchange.flow(sink), doNothing)
  }

  #ask(method: string, body: string | null): ServedExchange {
    const context = currentContext() ?? this.#context
    const decision = context.tape.http({ door: 'transport', method, url: this.#url, headers: [], body }, context)
    if (decision.kind !== 'serve') throw new Error('the tape of a replay let a request proceed')
    return decision.exchange
  }
}
