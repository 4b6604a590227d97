import { buildError, describeError } from '../boundary/network-error.ts'
import type { HttpHead, ServedExchange } from '../boundary/tape.ts'
import type { WorldClock } from '../boundary/world/world-clock.ts'
import { roundMs } from '../core/clock.ts'
import { doNothing } from '../core/nothing.ts'
import type { HttpAnswer, HttpInteraction, InteractionEnd } from '../model/interaction.ts'
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
  /** Told once, when the exchange has ended for the agent. */
  onEnd(end: InteractionEnd, chunks: HttpAnswer['chunks']): void
  /** Told when the client waits for longer than the recorded one did. */
  onBeyond(): void
}

/**
 * One recorded answer given again, each part when it is due on the virtual clock: the head, every chunk, the break of the
 * connection, or silence where the recorded client gave up.
 */
export class ServedInteraction implements ServedExchange {
  readonly head: Promise<HttpHead>
  readonly #clock: WorldClock
  readonly #interaction: HttpInteraction
  readonly #start: number
  readonly #knownUntil: number | null
  readonly #onEnd: ServedOptions['onEnd']
  readonly #onBeyond: ServedOptions['onBeyond']
  #ended = false
  #failHead: (error: unknown) => void = doNothing
  #failBody: ((error: unknown) => void) | null = null
  #released: Error | null = null

  constructor(clock: WorldClock, { interaction, start, knownUntil, onEnd, onBeyond }: ServedOptions) {
    this.#clock = clock
    this.#interaction = interaction
    this.#start = start
    this.#knownUntil = knownUntil
    this.#onEnd = onEnd
    this.#onBeyond = onBeyond
    // First of what is due at one instant: the run may be over with what the agent learns then.
    this.#scheduleEnd()
    this.head = this.#scheduleHead()
    // A client that went away does not look at it any more.
    this.head.catch(doNothing)
  }

  /** True while the client waits for something that the recording does not know. */
  get isSilent(): boolean {
    return !this.#ended && this.#knownUntil !== null
  }

  get isUnreachable(): boolean {
    const { answer, end } = this.#interaction
    return answer === null && end?.kind === 'failed' && isConnectError(end.error)
  }

  get length(): number | null {
    const { answer, end } = this.#interaction
    if (answer === null || end?.kind !== 'complete') return null
    return answer.chunks.reduce((sum, [, data]) => sum + payloadBytes(data).byteLength, 0)
  }

  get isCoded(): boolean {
    return this.#interaction.answer?.coded === true
  }

  get interaction(): HttpInteraction {
    return this.#interaction
  }

  /** Ends the silence as a network would: with a time-out. */
  release(): void {
    this.#released = Object.assign(new Error('Headers Timeout Error'), {
      name: 'HeadersTimeoutError',
      code: 'UND_ERR_HEADERS_TIMEOUT',
    })
    this.#onBeyond()
    this.#end({ kind: 'failed', offset_ms: this.#elapsed() })
    this.#failHead(this.#released)
    this.#failBody?.(this.#released)
  }

  /** What the run leaves behind: an answer of which all was as good as there is complete, any other has no end. */
  leave(): { answer: HttpAnswer | null; end: InteractionEnd | null } {
    const { answer, end } = this.#interaction
    if (this.#isAsGoodAsThere) return { answer, end }
    const elapsed = this.#elapsed()
    if (answer === null || answer.headers_ms > elapsed) return { answer: null, end: null }
    return { answer: { ...answer, chunks: answer.chunks.filter(([offset]) => offset <= elapsed) }, end: null }
  }

  abort(reason: unknown): void {
    if (reason === undefined && this.#isAsGoodAsThere && this.#interaction.end !== null) {
      this.#end(this.#interaction.end)
      return
    }
    this.#end({
      kind: 'aborted',
      offset_ms: this.#elapsed(),
      ...(reason !== undefined && { error: describeError(reason) }),
    })
  }

  async *body(): AsyncGenerator<Uint8Array> {
    const { answer, end } = this.#interaction
    for (const [offset, data] of answer?.chunks ?? []) {
      await this.#until(offset)
      yield payloadBytes(data)
    }
    if (this.#knownUntil !== null) {
      await new Promise((_resolve, reject) => {
        this.#failBody = reject
        if (this.#released) reject(this.#released)
      })
    }
    await this.#until(end?.offset_ms ?? 0)
    if (end?.kind === 'cut') throw buildError(end.error ?? { name: 'Error', message: 'aborted', code: 'ECONNRESET' })
  }

  /**
   * Whether the recorder would call the answer complete if the client dropped it now: it does so when all of it has come,
   * and the recorded client took a moment to drop it.
   */
  get #isAsGoodAsThere(): boolean {
    const { answer, end } = this.#interaction
    const elapsed = this.#elapsed()
    return (
      answer !== null &&
      answer.headers_ms <= elapsed &&
      end?.kind === 'complete' &&
      end.offset_ms - elapsed <= DROPPED_MS
    )
  }

  #elapsed(): number {
    return Math.max(0, roundMs(this.#clock.offset - this.#start))
  }

  /** Calls back when so much time has passed since the call began. */
  #at(offset: number, callback: () => void): void {
    this.#clock.schedule(callback, this.#start + offset - this.#clock.offset)
  }

  #until(offset: number): Promise<void> | undefined {
    if (this.#start + offset <= this.#clock.offset) return undefined
    return new Promise((resolve) => this.#at(offset, resolve))
  }

  #scheduleHead(): Promise<HttpHead> {
    const { answer, end } = this.#interaction
    return new Promise((resolve, reject) => {
      this.#failHead = reject
      if (answer !== null) {
        const { status, status_text, headers } = answer
        this.#at(answer.headers_ms, () => resolve({ status, status_text, headers }))
      } else if (end?.kind === 'failed') {
        this.#at(end.offset_ms, () => reject(buildError(end.error ?? { name: 'Error', message: 'network error' })))
      }
    })
  }

  #scheduleEnd(): void {
    const { end } = this.#interaction
    const knownUntil = this.#knownUntil
    if (knownUntil !== null) {
      this.#at(knownUntil + PATIENCE_SLACK_MS, () => {
        if (!this.#ended) this.#onBeyond()
      })
    } else if (end !== null) {
      this.#at(end.offset_ms, () => this.#end(end))
    }
  }

  #end(end: InteractionEnd): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd(end, this.#chunksUntil(end.kind === 'aborted' ? end.offset_ms : Number.POSITIVE_INFINITY))
  }

  #chunksUntil(offset_ms: number): HttpAnswer['chunks'] {
    return this.#interaction.answer?.chunks.filter(([offset]) => offset <= offset_ms) ?? []
  }
}

/** What a client is told when there is nobody to talk to: no address, no connection, or no trust in it. */
function isConnectError(error: ErrorShape | undefined): boolean {
  if (error === undefined) return false
  if (error.syscall === 'connect' || error.syscall === 'getaddrinfo') return true
  return /^(UND_ERR_CONNECT_TIMEOUT|ERR_(SSL|TLS)_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(String(error.code))
}
