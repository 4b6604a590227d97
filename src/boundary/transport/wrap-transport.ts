import { TRANSPORT_SCHEME } from '../../providers/mcp/read-request.ts'
import { tellUnserved } from '../doors/function-door.ts'
import { ServerJournal } from '../stdio/server-journal.ts'
import { type BoundaryContext, currentContext, runInContext, type Tape } from '../tape.ts'
import { ServedLink } from './served-link.ts'

type Callback = (...args: never[]) => unknown

/** A transport of a client of MCP, as far as it is needed here. Both major versions of the SDK have it. */
export interface McpTransport {
  start(): Promise<void>
  send(message: never, options?: never): Promise<void>
  close(): Promise<void>
  onmessage?: Callback | undefined
  onclose?: Callback | undefined
}

const WRAPPED = Symbol.for('retrial.wrapped-transport')

/** Transports of the SDKs whose traffic the doors see by themselves. */
const SEEN = new Set(['StdioClientTransport', 'StreamableHTTPClientTransport', 'SSEClientTransport'])

/**
 * Lets the messages of a client's transport be recorded and, in a replay, be answered from the recording: there it is neither opened nor
 * closed. For transports that are neither HTTP nor a child process (in memory, WebSocket, one of your own); those of the SDKs that
 * are get nothing from it, and are left as they are.
 *
 * What the other side does in this process while it is asked is the world, and not recorded by itself.
 *
 * @param name The server: what its calls are known by. The same in the recorded run and in the replayed one.
 * @returns The same transport.
 * @example
 * await client.connect(wrapTransport('docs', new WebSocketClientTransport(url)))
 */
export function wrapTransport<T extends McpTransport>(name: string, transport: T): T {
  if (isSeen(transport) || Object.hasOwn(transport, WRAPPED)) return transport
  Object.defineProperty(transport, WRAPPED, { value: true })
  new WrappedTransport(name, transport).install()
  return transport
}

function isSeen(transport: object): boolean {
  for (let owner: unknown = transport; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const { constructor: made } = owner as { constructor?: { name?: unknown } }
    if (SEEN.has(String(made?.name))) return true
  }
  return false
}

/** A client that is shared by more runs than these at once forgets the first ones. */
const MOST_RUNS = 100

/** What is between the client and its transport. */
class WrappedTransport {
  readonly #name: string
  readonly #url: string
  readonly #transport: McpTransport
  readonly #real: Pick<McpTransport, 'start' | 'send' | 'close'>
  readonly #journals = new Map<Tape, ServerJournal>()
  readonly #links = new Map<Tape, ServedLink>()
  /** What came in this very moment. */
  readonly #heard: string[] = []
  /** What the client listens with. */
  #onmessage: Callback | undefined
  #onclose: Callback | undefined
  /** Where the client last asked: there it hears what comes. */
  #context: BoundaryContext | null = null
  #isLeft = false

  constructor(name: string, transport: McpTransport) {
    this.#name = name
    this.#url = TRANSPORT_SCHEME + encodeURIComponent(name)
    this.#transport = transport
    const { start, send, close } = transport
    this.#real = { start: start.bind(transport), send: send.bind(transport), close: close.bind(transport) }
    this.#onmessage = transport.onmessage
    this.#onclose = transport.onclose
  }

  install(): void {
    const transport = this.#transport as unknown as Record<string, unknown>
    const replace = (name: string, value: Callback): void => {
      Object.defineProperty(transport, name, { value, configurable: true, writable: true })
    }
    replace('start', () => this.#start())
    replace('send', (message: never, options: never) => this.#send(message, options))
    replace('close', () => this.#close())
    Object.defineProperty(transport, 'onmessage', {
      configurable: true,
      enumerable: true,
      get: () => this.#onmessage && ((...args: never[]) => this.#hear(args)),
      set: (callback: Callback | undefined) => {
        this.#onmessage = callback
      },
    })
    Object.defineProperty(transport, 'onclose', {
      configurable: true,
      enumerable: true,
      get: () => this.#onclose && (() => this.#ended()),
      set: (callback: Callback | undefined) => {
        this.#onclose = callback
      },
    })
  }

  async #start(): Promise<void> {
    this.#context = currentContext()
    if (this.#context?.tape.mode === 'serve') return
    await runInContext(null, () => this.#real.start())
  }

  async #send(message: never, options: never): Promise<void> {
    const context = currentContext()
    if (context === null) {
      tellUnserved('mcp', this.#name)
      return this.#real.send(message, options)
    }
    this.#context = context
    const text = JSON.stringify(message)
    if (context.tape.mode === 'serve') return this.#link(context).send(text)
    const journal = this.#journal(context)
    quietly(() => journal?.sent(text))
    try {
      // Whoever is asked in this very process is the world.
      await runInContext(null, () => this.#real.send(message, options))
    } catch (error) {
      quietly(() => journal?.unsent(text, error))
      throw error
    }
  }

  async #close(): Promise<void> {
    this.#isLeft = true
    quietly(() => this.#flush())
    for (const journal of this.#journals.values()) quietly(() => journal.left())
    if (this.#links.size === 0) return runInContext(null, () => this.#real.close())
    for (const link of this.#links.values()) link.leave()
    this.#tell(this.#onclose)
  }

  #hear(args: never[]): void {
    quietly(() => {
      if (this.#journals.size > 0) this.#write(JSON.stringify(args[0]))
    })
    this.#tell(this.#onmessage, ...args)
  }

  /** Messages that come at once are told as such: a client may tell that apart. */
  #write(text: string): void {
    if (this.#heard.push(text) === 1) queueMicrotask(() => quietly(() => this.#flush()))
  }

  #flush(): void {
    const journals = [...this.#journals.values()]
    const told = Map.groupBy(
      this.#heard.splice(0),
      (text) => journals.find((one) => one.isAnswered(text)) ?? journals.at(-1),
    )
    for (const [journal, lines] of told) journal?.said(lines.map((text) => Buffer.from(`${text}\n`)))
  }

  #ended(): void {
    quietly(() => this.#flush())
    if (!this.#isLeft) for (const journal of this.#journals.values()) quietly(() => journal.ended(0, null))
    this.#tell(this.#onclose)
  }

  /** Calls the client back where it last asked: the transport itself is past every tape. */
  #tell(callback: Callback | undefined, ...args: never[]): void {
    if (this.#context === null) callback?.apply(this.#transport, args)
    else runInContext(this.#context, () => callback?.apply(this.#transport, args))
  }

  #journal(context: BoundaryContext): ServerJournal | undefined {
    quietly(() => {
      if (this.#journals.has(context.tape)) return
      const [oldest] = this.#journals.keys()
      if (this.#journals.size >= MOST_RUNS && oldest !== undefined) this.#journals.delete(oldest)
      this.#journals.set(context.tape, new ServerJournal(this.#url, context, 'transport'))
    })
    return this.#journals.get(context.tape)
  }

  #link(context: BoundaryContext): ServedLink {
    const known = this.#links.get(context.tape)
    if (known !== undefined) return known
    const link = new ServedLink(this.#url, context, {
      onLine: (text) => this.#tell(this.#onmessage, JSON.parse(text) as never),
      onEnd: () => this.#tell(this.#onclose),
    })
    this.#links.set(context.tape, link)
    return link
  }
}

function quietly(fn: () => unknown): void {
  try {
    fn()
  } catch {
    // The recorder's trouble is not the agent's.
  }
}
