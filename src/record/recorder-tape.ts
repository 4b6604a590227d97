import { describeError } from '../boundary/network-error.ts'
import { SpanNames } from '../boundary/spans.ts'
import type {
  FunctionAsk,
  FunctionDecision,
  HttpAsk,
  HttpDecision,
  HttpHead,
  HttpObserver,
  Tape,
  Within,
} from '../boundary/tape.ts'
import { machineClock, roundMs } from '../core/clock.ts'
import { doNothing } from '../core/nothing.ts'
import {
  asPayload,
  type HeaderList,
  type HttpAnswer,
  type HttpInformation,
  headerValue,
  type Interaction,
  type InteractionEnd,
  toPayload,
} from '../model/interaction.ts'
import type { RecordingWriter } from '../recording/create-recording-writer.ts'
import { DrawLog } from '../recording/draw-log.ts'
import { encodeReturned, encodeThrown, encodeValue } from '../recording/encode-value.ts'
import { decodeChunks } from './decode-chunks.ts'

/**
 * The recorder's tape: every call proceeds to the world and is written down, the request when it leaves and the answer when
 * it is complete. Nothing that goes wrong in here reaches the agent.
 */
export class RecorderTape implements Tape {
  readonly mode = 'observe'
  readonly draws: DrawLog
  /** Told of each call that is made after the run has ended: its recording does not hold it. */
  onLate: (call: string) => void = doNothing
  readonly #writer: RecordingWriter
  readonly #startedAt: number
  readonly #journals = new Set<HttpJournal>()
  readonly #unwatched = new Set<string>()
  readonly #spans = new SpanNames()
  #calls = 0
  #open = 0
  #isOver = false

  /**
   * @param startedAt Start of the run, ms since the epoch: what all offsets count from.
   * @param draws What was drawn so far.
   */
  constructor(writer: RecordingWriter, startedAt: number, draws = new DrawLog('run')) {
    this.draws = draws
    this.#writer = writer
    this.#startedAt = startedAt
  }

  /** How many calls have been made, and how many of them have no end yet. */
  get counts(): { calls: number; open: number } {
    return { calls: this.#calls, open: this.#open }
  }

  http(ask: HttpAsk, within: Within): HttpDecision {
    const at = ask.at ?? machineClock.now()
    const id = this.#begin(() => `${ask.method} ${ask.url}`)
    this.#writer.call({
      id,
      kind: 'http',
      started_ms: roundMs(at - this.#startedAt),
      ...this.#place(within),
      door: ask.door,
      request: {
        method: ask.method,
        url: ask.url,
        headers: ask.headers,
        body: ask.body === null ? null : asPayload(ask.body),
      },
    })
    const journal = new HttpJournal(at, (answer, end) => {
      this.#open--
      this.#journals.delete(journal)
      this.#writer.result({ id, answer, end })
    })
    this.#journals.add(journal)
    return { kind: 'proceed', observer: journal }
  }

  /** Ends the run: writes down what it drew since its last call, and what has come of the answers that it leaves behind. */
  finish(): void {
    this.#isOver = true
    this.draws.flush(this.#writer)
    for (const journal of this.#journals) journal.leave()
  }

  /** Once for each host: what went on there is not in the recording. */
  unwatched(protocol: string, host: string): void {
    const key = `${protocol} ${host}`
    if (this.#unwatched.has(key)) return
    this.#unwatched.add(key)
    const at_ms = roundMs(machineClock.now() - this.#startedAt)
    const message = `what the agent said to ${host} over ${protocol} is not recorded`
    this.#writer.note({ at_ms, code: 'not_recorded', message, data: { protocol, host } })
  }

  call(ask: FunctionAsk, within: Within): FunctionDecision {
    const at = machineClock.now()
    const id = this.#begin(() => `${ask.kind} ${ask.name}`)
    // A function of one argument, the usual tool, is recorded by it; any other by the list.
    const args = encodeValue(ask.args.length === 1 ? ask.args[0] : ask.args)
    this.#writer.call({
      id,
      kind: ask.kind,
      name: ask.name,
      args: args.value,
      started_ms: roundMs(at - this.#startedAt),
      ...this.#place(within),
      ...(args.lossy && { lossy: true }),
    })
    const end = (): number => {
      this.#open--
      return roundMs(machineClock.now() - at)
    }
    return {
      kind: 'proceed',
      observer: {
        id,
        returned: (value, how) => {
          this.#writer.result({ id, ...encodeReturned(value, how), end: { kind: 'complete', offset_ms: end() } })
        },
        threw: (error, how) => {
          const failed = { kind: 'failed' as const, offset_ms: end(), error: describeError(error) }
          this.#writer.result({ id, ...encodeThrown(how), end: failed })
        },
      },
    }
  }

  /** What a call was made within. */
  #place({ parent, span }: Within): Pick<Interaction, 'parent' | 'spans'> {
    const spans = this.#spans.list(span)
    return { ...(parent !== undefined && { parent }), ...(spans && { spans }) }
  }

  #begin(describe: () => string): string {
    if (this.#isOver) this.onLate(describe())
    this.draws.flush(this.#writer)
    this.#open++
    return `c${++this.#calls}`
  }
}

/** Collects one answer as it comes and hands it over, once, when it has ended. */
class HttpJournal implements HttpObserver {
  readonly #at: number
  readonly #onEnd: (answer: HttpAnswer | null, end: InteractionEnd | null) => void
  #head: (HttpHead & { headers_ms: number }) | null = null
  readonly #chunks: [number, Uint8Array][] = []
  readonly #information: HttpInformation[] = []
  #trailers: HeaderList | undefined
  #bytes = 0
  #ended = false

  constructor(at: number, onEnd: (answer: HttpAnswer | null, end: InteractionEnd | null) => void) {
    this.#at = at
    this.#onEnd = onEnd
  }

  #offset(): number {
    return roundMs(machineClock.now() - this.#at)
  }

  information({ status, status_text, headers }: HttpHead): void {
    if (this.#head === null) this.#information.push({ status, status_text, headers, offset_ms: this.#offset() })
  }

  head(head: HttpHead): void {
    this.#head ??= { ...head, headers_ms: this.#offset() }
  }

  chunk(bytes: Uint8Array): void {
    if (this.#ended) return
    this.#chunks.push([this.#offset(), bytes])
    this.#bytes += bytes.byteLength
  }

  complete(trailers?: HeaderList, error?: unknown): void {
    this.#trailers = trailers
    const surplus = error === undefined ? {} : { error: describeError(error) }
    this.#end({ kind: 'complete', offset_ms: this.#offset(), ...surplus })
  }

  aborted(reason: unknown): void {
    // A client that drops a body it already has whole has lost nothing.
    const length = Number(this.#head && headerValue(this.#head.headers, 'content-length'))
    const whole = this.#head !== null && Number.isInteger(length) && this.#bytes >= length
    if (whole) this.complete()
    else {
      const error = reason === undefined || reason === null ? {} : { error: describeError(reason) }
      this.#end({ kind: 'aborted', offset_ms: this.#offset(), ...error })
    }
  }

  failed(error: unknown): void {
    const kind = this.#head === null ? 'failed' : 'cut'
    this.#end({ kind, offset_ms: this.#offset(), error: describeError(error) })
  }

  leave(): void {
    if (this.#head !== null) this.#end(null)
  }

  #end(end: InteractionEnd | null): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd(this.#answer(end?.kind === 'complete'), end)
  }

  #answer(isComplete: boolean): HttpAnswer | null {
    if (this.#head === null) return null
    const { status, status_text, headers, names, headers_ms } = this.#head
    const information = this.#information
    const decoded = decodeChunks(this.#chunks, headerValue(headers, 'content-encoding'), isComplete)
    return {
      status,
      status_text,
      headers,
      ...(names && { names }),
      ...(information.length > 0 && { information }),
      headers_ms,
      chunks: (decoded ?? this.#chunks).map(([offset, bytes]) => [offset, toPayload(bytes)]),
      ...(decoded === null && { coded: true }),
      ...(this.#trailers && { trailers: this.#trailers }),
    }
  }
}
