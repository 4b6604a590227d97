import { buildError, describeError } from '../boundary/network-error.ts'
import type { BodySink, HttpHead, ServedExchange } from '../boundary/tape.ts'
import type { WorldClock } from '../boundary/world/world-clock.ts'
import { roundMs } from '../core/clock.ts'
import { doNothing } from '../core/nothing.ts'
import type { HeaderList, HttpInteraction, InteractionEnd } from '../model/interaction.ts'
import { payloadBytes } from '../model/interaction.ts'
import type { ErrorShape } from '../model/run.ts'

/**
 * How much longer than the recorded client a replayed one may wait before its waiting means something else, ms: the
 * recorded client started its own clock a little before its call was seen to leave.
 */
export const PATIENCE_SLACK_MS = 100

/** How soon the rest of an answer has to be due that a client drops for it to count as received, ms. */
const DROPPED_MS = 10

interface ServedOptions {
  /** The recorded answer. */
  interaction: HttpInteraction
  /** When the call begins, ms of virtual time. */
  start: number
  /** How long after the call the recording knows what came of it, ms; null when the answer came to an end by itself. */
  knownUntil: number | null
  /** Told once, when the exchange has ended for the agent, and how many chunks had come by then; null without a head. */
  onEnd(end: InteractionEnd, chunks: number | null): void
  /** Told when the client waits for longer than the recorded one did. */
  onBeyond(): void
  /** True for a stream on which nobody waits for anything: its silence is none. */
  isStanding?: boolean
}

/**
 * One recorded answer given again, each part when it is due on the virtual clock: the head, every chunk, the break of the
 * connection, or silence where the recorded client gave up.
 */
export class ServedInteraction implements ServedExchange {
  readonly head: Promise<HttpHead>
  readonly #clock: WorldClock
  readonly #options: ServedOptions
  /** The answer has ended: by itself, or because the client or the network gave it up. */
  #ended = false
  /** The client wants no more of it. */
  #isDropped = false
  #isAbandoned = false
  #failHead: (error: unknown) => void = doNothing
  #sink: BodySink | null = null
  /** The next chunk that the sink gets. */
  #next = 0
  #released: Error | null = null

  constructor(clock: WorldClock, options: ServedOptions) {
    this.#clock = clock
    this.#options = options
    // First of what is due at one instant: the run may be over with what the agent learns then.
    this.#scheduleEnd()
    this.head = this.#scheduleHead()
    // A client that went away does not look at it any more.
    this.head.catch(doNothing)
  }

  get interaction(): HttpInteraction {
    return this.#options.interaction
  }

  /** True while the client waits for something that the recording does not know. */
  get isSilent(): boolean {
    const { knownUntil, isStanding = false } = this.#options
    return !this.#ended && !this.#isAbandoned && knownUntil !== null && !isStanding
  }

  /** The client said that it does not wait for it any more, and leaves it open. */
  abandon(): void {
    this.#isAbandoned = true
  }

  get isUnreachable(): boolean {
    const { answer, end } = this.interaction
    return answer === null && end?.kind === 'failed' && isConnectError(end.error)
  }

  get length(): number | null {
    const { answer, end } = this.interaction
    if (answer === null || end?.kind !== 'complete') return null
    return answer.chunks.reduce((sum, [, data]) => sum + payloadBytes(data).byteLength, 0)
  }

  whole(): Uint8Array | null {
    const { answer, end } = this.interaction
    if (answer === null || end?.kind !== 'complete') return null
    return Buffer.concat(answer.chunks.map(([, data]) => payloadBytes(data)))
  }

  get trailers(): HeaderList | undefined {
    return this.interaction.answer?.trailers
  }

  get hasSurplus(): boolean {
    const { end } = this.interaction
    return end?.kind === 'complete' && end.error !== undefined
  }

  get isCoded(): boolean {
    return this.interaction.answer?.coded === true
  }

  /** Ends the silence as a network would: with a time-out. */
  release(): void {
    this.#released = Object.assign(new Error('Headers Timeout Error'), {
      name: 'HeadersTimeoutError',
      code: 'UND_ERR_HEADERS_TIMEOUT',
    })
    this.#options.onBeyond()
    this.#end({ kind: 'failed', offset_ms: this.#elapsed() })
    this.#failHead(this.#released)
    this.#flow()
  }

  /** What the run leaves behind: an answer of which all was as good as there is complete, any other has no end. */
  leave(): { chunks: number | null; end: InteractionEnd | null } {
    const { answer, end } = this.interaction
    if (this.#isAsGoodAsThere) return { chunks: answer?.chunks.length ?? null, end }
    return { chunks: this.#chunksUntil(this.#elapsed()), end: null }
  }

  abort(reason: unknown): void {
    this.#isDropped = true
    const { end } = this.interaction
    if (reason === undefined && this.#isAsGoodAsThere && end !== null) {
      this.#end(end)
      return
    }
    this.#end({
      kind: 'aborted',
      offset_ms: this.#elapsed(),
      ...(reason !== undefined && { error: describeError(reason) }),
    })
  }

  async *information(): AsyncGenerator<HttpHead> {
    for (const { offset_ms, ...head } of this.interaction.answer?.information ?? []) {
      if (roundMs(this.#start + offset_ms) > this.#clock.offset) {
        await new Promise<void>((resolve) => this.#at(offset_ms, resolve))
      }
      yield head
    }
  }

  flow(sink: BodySink): void {
    this.#sink = sink
    this.#flow()
  }

  /** Gives the sink what is due, and comes back when more is. */
  readonly #flow = (): void => {
    const { answer, end } = this.interaction
    const chunks = answer?.chunks ?? []
    const sink = this.#sink
    if (sink === null) return
    for (; !this.#isDropped; this.#next++) {
      const chunk = chunks[this.#next]
      if (chunk === undefined) break
      if (roundMs(this.#start + chunk[0]) > this.#clock.offset) {
        this.#at(chunk[0], this.#flow)
        return
      }
      sink.chunk(chunk[1])
    }
    // The end comes by an alarm of its own, or never.
    if (this.#isDropped || !this.#ended) return
    this.#sink = null
    if (this.#released !== null) sink.fail(this.#released)
    else if (end?.kind !== 'cut') sink.end()
    else sink.fail(buildError(end.error ?? { name: 'Error', message: 'aborted', code: 'ECONNRESET' }))
  }

  /**
   * Whether the recorder would call the answer complete if the client dropped it now: it does so when all of it has come,
   * and the recorded client took a moment to drop it.
   */
  get #isAsGoodAsThere(): boolean {
    const { answer, end } = this.interaction
    const elapsed = this.#elapsed()
    return (
      answer !== null &&
      answer.headers_ms <= elapsed &&
      end?.kind === 'complete' &&
      end.offset_ms - elapsed <= DROPPED_MS
    )
  }

  get #start(): number {
    return this.#options.start
  }

  #elapsed(): number {
    return Math.max(0, roundMs(this.#clock.offset - this.#start))
  }

  /** Calls back when so much time has passed since the call began. */
  #at(offset: number, callback: () => void): void {
    this.#clock.schedule(callback, this.#start + offset - this.#clock.offset)
  }

  #scheduleHead(): Promise<HttpHead> {
    const { answer, end } = this.interaction
    return new Promise((resolve, reject) => {
      this.#failHead = reject
      if (answer !== null) this.#at(answer.headers_ms, () => resolve(answer))
      else if (end?.kind === 'failed') {
        this.#at(end.offset_ms, () => reject(buildError(end.error ?? { name: 'Error', message: 'network error' })))
      }
    })
  }

  #scheduleEnd(): void {
    const { end } = this.interaction
    const { knownUntil, onBeyond } = this.#options
    if (knownUntil !== null) {
      this.#at(knownUntil + PATIENCE_SLACK_MS, () => {
        if (!this.#ended && !this.#isAbandoned) onBeyond()
      })
    } else if (end !== null) {
      this.#at(end.offset_ms, () => {
        this.#end(end)
        this.#flow()
      })
    }
  }

  #end(end: InteractionEnd): void {
    if (this.#ended) return
    this.#ended = true
    const until = end.kind === 'aborted' ? end.offset_ms : Number.POSITIVE_INFINITY
    this.#options.onEnd(end, this.#chunksUntil(until))
  }

  /** How many chunks had come by then; null when not even the head had. */
  #chunksUntil(offset_ms: number): number | null {
    const { answer } = this.interaction
    if (answer === null || answer.headers_ms > offset_ms) return null
    if (offset_ms === Number.POSITIVE_INFINITY) return answer.chunks.length
    return answer.chunks.filter(([offset]) => offset <= offset_ms).length
  }
}

/** What a client is told when there is nobody to talk to: no address, no connection, or no trust in it. */
function isConnectError(error: ErrorShape | undefined): boolean {
  if (error === undefined) return false
  if (error.syscall === 'connect' || error.syscall === 'getaddrinfo') return true
  return /^(UND_ERR_CONNECT_TIMEOUT|ERR_(SSL|TLS)_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(String(error.code))
}
