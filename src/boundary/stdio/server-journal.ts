import type { HttpAsk, HttpObserver } from '../tape.ts'
import { type BoundaryContext, currentContext } from '../tape.ts'
import { cancellation, readRpcLine, tokenOf } from './json-rpc-line.ts'

/** A request that the server has not answered yet. */
interface Pending {
  observer: HttpObserver
  /** What it still has to answer. */
  ids: Set<string>
  token: string | null
}

const OK = { status: 200, status_text: 'OK', headers: [] }
const ACCEPTED = { status: 202, status_text: 'Accepted', headers: [] }

/**
 * Tells a tape what an agent and an MCP server that is its child say to each other, as the same messages would go over
 * streamable HTTP: each message of the agent is a request, what the server says to it its answer, and what the server says by itself
 * comes on a stream that stands open as long as the process lives.
 */
export class ServerJournal {
  readonly #url: string
  readonly #context: BoundaryContext
  readonly #pending = new Set<Pending>()
  readonly #stream: HttpObserver | null
  #isLeft = false

  constructor(url: string, context: BoundaryContext) {
    this.#url = url
    this.#context = context
    this.#stream = this.#ask('GET', null)
    this.#stream?.head(OK)
  }

  /** A line that the agent sends, without its end. */
  sent(text: string): void {
    const line = readRpcLine(text)
    const observer = this.#ask('POST', text)
    if (observer === null) return
    if (line !== null && line.asks.length > 0) {
      this.#pending.add({ observer, ids: new Set(line.asks), token: tokenOf(line.message) })
      return
    }
    observer.head(ACCEPTED)
    observer.complete()
    if (line?.cancels != null) this.#cancel(line.cancels.id, line.cancels.reason)
  }

  /** A line that the server says, with its end. */
  said(bytes: Uint8Array): void {
    const line = readRpcLine(Buffer.from(bytes).toString('utf8'))
    const pending = [...this.#pending].reverse()
    const { answers = [], progress = null } = line ?? {}
    const answered = pending.find(({ ids }) => answers.some((id) => ids.has(id)))
    // What belongs to no request by name was mostly caused by the last one.
    const to = answered ?? pending.find(({ token }) => token !== null && token === progress) ?? pending[0]
    if (to === undefined) {
      this.#stream?.chunk(bytes)
      return
    }
    to.observer.head(OK)
    to.observer.chunk(bytes)
    for (const id of answers) to.ids.delete(id)
    if (to.ids.size > 0) return
    this.#pending.delete(to)
    to.observer.complete()
  }

  /** The agent lets go of the process. */
  left(): void {
    if (this.#isLeft) return
    this.#isLeft = true
    this.#stream?.aborted(undefined)
    for (const { observer } of this.#pending) observer.aborted(undefined)
    this.#pending.clear()
  }

  /** The process is over. */
  ended(code: number | null, signal: string | null): void {
    if (this.#isLeft) return
    this.#isLeft = true
    const error = Object.assign(new Error('the process of the server ended'), { code: 'EPIPE' })
    for (const { observer } of this.#pending) observer.failed(error)
    this.#pending.clear()
    this.#stream?.complete([code === null ? ['exit-signal', signal ?? ''] : ['exit-code', String(code)]])
  }

  #cancel(id: string, reason: string): void {
    for (const pending of this.#pending) {
      if (!pending.ids.has(id)) continue
      this.#pending.delete(pending)
      pending.observer.aborted(cancellation(reason))
    }
  }

  #ask(method: string, body: string | null): HttpObserver | null {
    const { tape, parent } = currentContext() ?? this.#context
    const ask: HttpAsk = { door: 'stdio', method, url: this.#url, headers: [], body }
    const decision = tape.http(ask, parent)
    return decision.kind === 'proceed' ? decision.observer : null
  }
}
