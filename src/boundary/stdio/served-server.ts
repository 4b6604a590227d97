import type { ChildProcess } from 'node:child_process'
import { finished, Readable, Writable } from 'node:stream'
import { doNothing } from '../../core/nothing.ts'
import { payloadBytes } from '../../model/interaction.ts'
import { type BoundaryContext, currentContext, type ServedExchange } from '../tape.ts'
import { isPipe, isPiped, type SpawnOptions, urlOfCommand, urlOfErrors } from './command-url.ts'
import { cancellation, readRpcLine } from './json-rpc-line.ts'
import { LineSplitter } from './line-splitter.ts'

/** Above all that a system gives to a process: nobody can mean another one by it. */
const FIRST_PID = 2 ** 22 + 1
let servers = 0

/**
 * Lets the tape stand in for a child process that is known as an MCP server: nothing is started. False for any other, and
 * for one whose input or output goes elsewhere.
 */
export function serveServer(child: ChildProcess, options: SpawnOptions): boolean {
  const context = currentContext()
  if (context?.tape.mode !== 'serve' || !isPiped(options)) return false
  const url = urlOfCommand(options)
  const known = context.tape.server?.(url) ?? null
  if (known === null) return false
  new ServedServer(child, options, context, known).start()
  return true
}

/** What stands in for the process: its streams, its events, and what the recording says through them. */
class ServedServer {
  readonly #child: ChildProcess
  readonly #context: BoundaryContext
  readonly #url: string
  readonly #stdout = new Readable({ read: doNothing })
  readonly #stderr: Readable | null
  readonly #lines = new LineSplitter()
  /** What is not answered yet, by the ids of the requests. */
  readonly #open = new Map<string, ServedExchange>()
  #stream: ServedExchange | null = null
  #errors: ServedExchange | null = null
  #isOver = false

  constructor(child: ChildProcess, options: SpawnOptions, context: BoundaryContext, url: string) {
    this.#child = child
    this.#context = context
    this.#url = url
    this.#stderr = isPipe(options.stdio, 2) ? new Readable({ read: doNothing }) : null
    const stdin = this.#makeInput()
    const { file, args = [] } = options
    Object.assign(child, {
      _handle: null,
      pid: FIRST_PID + servers++,
      spawnfile: file,
      spawnargs: args,
      stdin,
      stdout: this.#stdout,
      stderr: this.#stderr,
      stdio: [stdin, this.#stdout, this.#stderr],
      kill: (signal: NodeJS.Signals | 0 = 'SIGTERM') => this.#kill(signal),
    })
  }

  start(): void {
    process.nextTick(() => this.#child.emit('spawn'))
    const stream = this.#ask('GET', null)
    this.#stream = stream
    this.#follow(stream, () => this.#exit(...endOf(stream)))
    const printed = this.#stderr && this.#context.tape.server?.(urlOfErrors(this.#url))
    if (printed == null) return
    this.#errors = this.#ask('GET', null, printed)
    this.#follow(this.#errors, doNothing, this.#stderr)
  }

  #makeInput(): Writable {
    return new Writable({
      write: (chunk: Buffer, _, done) => {
        for (const line of this.#lines.add(chunk)) this.#take(line.toString('utf8').trim())
        done()
      },
      final: (done) => {
        this.#leave(0, null)
        done()
      },
      destroy: (error, done) => {
        this.#leave(0, null)
        done(error)
      },
    })
  }

  #take(text: string): void {
    if (text === '' || this.#isOver) return
    const line = readRpcLine(text)
    const exchange = this.#ask('POST', text)
    if (line?.cancels != null) this.#open.get(line.cancels.id)?.abort(cancellation(line.cancels.reason))
    const ids = line?.asks ?? []
    for (const id of ids) this.#open.set(id, exchange)
    this.#follow(exchange, () => {
      for (const id of ids) this.#open.delete(id)
    })
  }

  /** Gives what the server says to the agent, as it is due. */
  #follow(exchange: ServedExchange, onEnd: () => void, to: Readable | null = this.#stdout): void {
    const sink = {
      chunk: (data: Parameters<typeof payloadBytes>[0]): void => {
        if (!this.#isOver) to?.push(payloadBytes(data))
      },
      end: onEnd,
      fail: onEnd,
    }
    exchange.head.then(() => exchange.flow(sink), onEnd)
  }

  #kill(signal: NodeJS.Signals | 0): boolean {
    if (this.#isOver) return false
    if (signal !== 0) {
      Object.assign(this.#child, { killed: true })
      this.#leave(null, signal)
    }
    return true
  }

  /** The agent lets go of the process. */
  #leave(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isOver) return
    this.#stream?.abort(undefined)
    this.#errors?.abort(undefined)
    for (const exchange of this.#open.values()) exchange.abort(undefined)
    this.#exit(code, signal)
  }

  #exit(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#open.clear()
    const child = this.#child
    process.nextTick(() => {
      Object.assign(child, { exitCode: code, signalCode: signal })
      child.stdin?.destroy()
      this.#stdout.push(null)
      this.#stderr?.push(null)
      this.#stderr?.resume()
      if (this.#stdout.listenerCount('readable') === 0) this.#stdout.resume()
      child.emit('exit', code, signal)
      finished(this.#stdout, () => child.emit('close', code, signal))
    })
  }

  #ask(method: string, body: string | null, url = this.#url): ServedExchange {
    const context = currentContext() ?? this.#context
    const decision = context.tape.http({ door: 'stdio', method, url, headers: [], body }, context)
    if (decision.kind !== 'serve') throw new Error('the tape of a replay let a request proceed')
    return decision.exchange
  }
}

/** How a process ended that ended by itself. */
function endOf({ trailers = [] }: ServedExchange): [code: number | null, signal: NodeJS.Signals | null] {
  const [name, value = ''] = trailers[0] ?? []
  return name === 'exit-signal' ? [null, value as NodeJS.Signals] : [Number(value), null]
}
