import type { Door } from '../../model/interaction.ts'
import { type BoundaryContext, currentContext, type HttpAsk, type HttpObserver } from '../tape.ts'
import { urlOfErrors } from './command-url.ts'
import { cancellation, readRpcLine, tokenOf } from './json-rpc-line.ts'

/** What becomes of a question that the server does not live to answer. */
export const SERVER_ENDED = 'the process of the server ended'

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
 * Tells a tape what an agent and an MCP server say to each other, as the same messages would go over
 * streamable HTTP: each message of the agent is a request, what the server says to it its answer, and what the server says by itself
 * comes on a stream that stands open as long as the process lives.
 */
export class ServerJournal {
  readonly #door: Door
  readonly #url: string
  readonly #context: BoundaryContext
  readonly #pending = new Set<Pending>()
  readonly #stream: HttpObserver | null
  #errors: HttpObserver | null = null
  #isLeft = false

  constructor(url: string, context: BoundaryContext, door: Door = 'stdio') {
    this.#door = door
    this.#url = url
    this.#context = context
    this.#stream = this.#listen(url)
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

  /** A line that did not get to the server. */
  unsent(text: string, error: unknown): void {
    const asks = new Set(readRpcLine(text)?.asks)
    for (const pending of this.#pending) {
      if (![...pending.ids].some((id) => asks.has(id))) continue
      this.#pending.delete(pending)
      pending.observer.failed(error)
    }
  }

  /** Whether a line answers something that was asked here. */
  isAnswered(text: string): boolean {
    const { answers = [] } = readRpcLine(text) ?? {}
    return [...this.#pending].some(({ ids }) => answers.some((id) => ids.has(id)))
  }

  /** Lines that the server says at once, each with its end: what belongs together comes together, as clients tell that apart. */
  said(lines: readonly Uint8Array[]): void {
    const told = new Map<Pending | null, Uint8Array[]>()
    for (const line of lines) {
      const to = this.#answer(Buffer.from(line).toString('utf8'))
      told.set(to, [...(told.get(to) ?? []), line])
    }
    for (const [to, parts] of told) {
      const bytes = Buffer.concat(parts)
      if (to === null) {
        this.#stream?.chunk(bytes)
        continue
      }
      to.observer.head(OK)
      to.observer.chunk(bytes)
      if (to.ids.size > 0) continue
      this.#pending.delete(to)
      to.observer.complete()
    }
  }

  /** The request that a line belongs to, which it may answer; null for none. */
  #answer(text: string): Pending | null {
    const { answers = [], progress = null } = readRpcLine(text) ?? {}
    const pending = [...this.#pending].reverse()
    const answered = pending.find(({ ids }) => answers.some((id) => ids.has(id)))
    for (const id of answers) answered?.ids.delete(id)
    if (answered !== undefined) return answered
    const open = pending.filter(({ ids }) => ids.size > 0)
    // What belongs to no request by name was mostly caused by the last one.
    return open.find(({ token }) => token !== null && token === progress) ?? open[0] ?? null
  }

  /** What the server prints for people. */
  printed(bytes: Uint8Array): void {
    if (this.#isLeft) return
    this.#errors ??= this.#listen(urlOfErrors(this.#url))
    this.#errors?.chunk(bytes)
  }

  /** The agent lets go of the process. */
  left(): void {
    if (this.#isLeft) return
    this.#isLeft = true
    this.#stream?.aborted(undefined)
    this.#errors?.aborted(undefined)
    for (const { observer } of this.#pending) observer.aborted(undefined)
    this.#pending.clear()
  }

  /** The process is over. */
  ended(code: number | null, signal: string | null): void {
    if (this.#isLeft) return
    this.#isLeft = true
    const error = Object.assign(new Error(SERVER_ENDED), { code: 'EPIPE' })
    for (const { observer } of this.#pending) observer.failed(error)
    this.#pending.clear()
    this.#errors?.complete()
    this.#stream?.complete([code === null ? ['exit-signal', signal ?? ''] : ['exit-code', String(code)]])
  }

  #cancel(id: string, reason: string): void {
    for (const pending of this.#pending) {
      if (!pending.ids.has(id)) continue
      this.#pending.delete(pending)
      pending.observer.aborted(cancellation(reason))
    }
  }

  #listen(url: string): HttpObserver | null {
    const stream = this.#ask('GET', null, url)
    stream?.head(OK)
    return stream
  }

  #ask(method: string, body: string | null, url = this.#url): HttpObserver | null {
    const context = currentContext() ?? this.#context
    const ask: HttpAsk = { door: this.#door, method, url, headers: [], body }
    const decision = context.tape.http(ask, context)
    return decision.kind === 'proceed' ? decision.observer : null
  }
}
