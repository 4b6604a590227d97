import { buildError, describeError } from '../boundary/network-error.ts'
import type { HttpHead, ServedExchange } from '../boundary/tape.ts'
import type { VirtualClock } from '../boundary/world/virtual-clock.ts'
import { roundMs } from '../core/clock.ts'
import { doNothing } from '../core/nothing.ts'
import type { HttpAnswer, HttpInteraction, InteractionEnd } from '../model/interaction.ts'
import { payloadBytes } from '../model/interaction.ts'

/**
 * How much longer than the recorded client a replayed one may wait before its waiting means something else, ms: the
 * recorded client started its own clock a little before its call was seen to leave.
 */
const PATIENCE_SLACK_MS = 100

/** Told once, when an exchange has ended for the agent. */
export type OnServed = (end: InteractionEnd, chunks: HttpAnswer['chunks']) => void

/**
 * One recorded answer given again, each part when it is due on the virtual clock: the head, every chunk, the break of the
 * connection, or silence where the recorded client gave up.
 */
export class ServedInteraction implements ServedExchange {
  readonly head: Promise<HttpHead>
  readonly #clock: VirtualClock
  readonly #interaction: HttpInteraction
  readonly #start: number
  readonly #onEnd: OnServed
  readonly #onBeyond: () => void
  #ended = false
  #failHead: (error: unknown) => void = doNothing
  #failBody: ((error: unknown) => void) | null = null
  #released: Error | null = null

  /** @param onBeyond Told when the client waits for longer than the recorded one did. */
  constructor(clock: VirtualClock, interaction: HttpInteraction, onEnd: OnServed, onBeyond: () => void) {
    this.#clock = clock
    this.#interaction = interaction
    this.#start = clock.offset
    this.#onEnd = onEnd
    this.#onBeyond = onBeyond
    this.head = this.#scheduleHead()
    // A client that went away does not look at it any more.
    this.head.catch(doNothing)
    this.#scheduleEnd()
  }

  /** True while the client waits for something that the recording does not know. */
  get isSilent(): boolean {
    return !this.#ended && this.#knownUntil !== null
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

  abort(reason: unknown): void {
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

  /** Where the recorded client stopped waiting, ms; null when the recorded answer came to an end by itself. */
  get #knownUntil(): number | null {
    const { answer, end } = this.#interaction
    if (end === null) return answer?.chunks.at(-1)?.[0] ?? answer?.headers_ms ?? 0
    return end.kind === 'aborted' ? end.offset_ms : null
  }

  #elapsed(): number {
    return roundMs(this.#clock.offset - this.#start)
  }

  #until(offset: number): Promise<void> | undefined {
    const delay = this.#start + offset - this.#clock.offset
    if (delay <= 0) return undefined
    return new Promise((resolve) => this.#clock.schedule(resolve, delay))
  }

  #scheduleHead(): Promise<HttpHead> {
    const { answer, end } = this.#interaction
    return new Promise((resolve, reject) => {
      this.#failHead = reject
      if (answer !== null) {
        const { status, status_text, headers } = answer
        this.#clock.schedule(() => resolve({ status, status_text, headers }), answer.headers_ms)
      } else if (end?.kind === 'failed') {
        this.#clock.schedule(
          () => reject(buildError(end.error ?? { name: 'Error', message: 'network error' })),
          end.offset_ms,
        )
      }
    })
  }

  #scheduleEnd(): void {
    const { end } = this.#interaction
    const knownUntil = this.#knownUntil
    if (knownUntil !== null) {
      this.#clock.schedule(() => {
        if (!this.#ended) this.#onBeyond()
      }, knownUntil + PATIENCE_SLACK_MS)
    } else if (end !== null) {
      this.#clock.schedule(() => this.#end(end), end.offset_ms)
    }
  }

  #end(end: InteractionEnd): void {
    if (this.#ended) return
    this.#ended = true
    const until = end.kind === 'aborted' ? end.offset_ms : Number.POSITIVE_INFINITY
    const chunks = this.#interaction.answer?.chunks.filter(([offset]) => offset <= until) ?? []
    this.#onEnd(end, chunks)
  }
}
