import { describeError } from '../boundary/network-error.ts'
import type {
  FunctionAsk,
  FunctionDecision,
  HttpAsk,
  HttpDecision,
  HttpHead,
  HttpObserver,
  Tape,
} from '../boundary/tape.ts'
import { machineClock, roundMs } from '../core/clock.ts'
import { type HttpAnswer, headerValue, type InteractionEnd, toPayload } from '../model/interaction.ts'
import type { RecordingWriter } from '../recording/create-recording-writer.ts'
import { encodeValue } from '../recording/encode-value.ts'
import { decodeChunks } from './decode-chunks.ts'

/**
 * The recorder's tape: every call proceeds to the world and is written down, the request when it leaves and the answer when
 * it is complete. Nothing that goes wrong in here reaches the agent.
 */
export class RecorderTape implements Tape {
  readonly mode = 'observe'
  readonly #writer: RecordingWriter
  readonly #startedAt: number
  #calls = 0
  #open = 0

  /** @param startedAt Start of the run, ms since the epoch: what all offsets count from. */
  constructor(writer: RecordingWriter, startedAt: number) {
    this.#writer = writer
    this.#startedAt = startedAt
  }

  /** How many calls have been made, and how many of them have no end yet. */
  get counts(): { calls: number; open: number } {
    return { calls: this.#calls, open: this.#open }
  }

  http(ask: HttpAsk, parent: string | undefined): HttpDecision {
    const at = ask.at ?? machineClock.now()
    const id = this.#nextId()
    this.#writer.call({
      id,
      kind: 'http',
      started_ms: roundMs(at - this.#startedAt),
      ...(parent !== undefined && { parent }),
      door: ask.door,
      request: {
        method: ask.method,
        url: ask.url,
        headers: ask.headers,
        body: ask.body === null ? null : toPayload(ask.body),
      },
    })
    const onEnd = (answer: HttpAnswer | null, end: InteractionEnd): void => {
      this.#open--
      this.#writer.result({ id, answer, end })
    }
    return { kind: 'proceed', observer: new HttpJournal(at, onEnd) }
  }

  call(ask: FunctionAsk, parent: string | undefined): FunctionDecision {
    const at = machineClock.now()
    const id = this.#nextId()
    // A function of one argument, the usual tool, is recorded by it; any other by the list.
    const args = encodeValue(ask.args.length === 1 ? ask.args[0] : ask.args)
    this.#writer.call({
      id,
      kind: ask.kind,
      name: ask.name,
      args: args.value,
      started_ms: roundMs(at - this.#startedAt),
      ...(parent !== undefined && { parent }),
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
        returned: (value, sync) => {
          const encoded = encodeValue(value)
          const flags = { ...(encoded.lossy && { lossy: true }), ...(sync && { sync }) }
          this.#writer.result({ id, value: encoded.value, ...flags, end: { kind: 'complete', offset_ms: end() } })
        },
        threw: (error, sync) => {
          const flags = sync ? { sync } : {}
          this.#writer.result({ id, ...flags, end: { kind: 'failed', offset_ms: end(), error: describeError(error) } })
        },
      },
    }
  }

  #nextId(): string {
    this.#open++
    return `c${++this.#calls}`
  }
}

/** Collects one answer as it comes and hands it over, once, when it has ended. */
class HttpJournal implements HttpObserver {
  readonly #at: number
  readonly #onEnd: (answer: HttpAnswer | null, end: InteractionEnd) => void
  #head: (HttpHead & { headers_ms: number }) | null = null
  readonly #chunks: [number, Uint8Array][] = []
  #bytes = 0
  #ended = false

  constructor(at: number, onEnd: (answer: HttpAnswer | null, end: InteractionEnd) => void) {
    this.#at = at
    this.#onEnd = onEnd
  }

  #offset(): number {
    return roundMs(machineClock.now() - this.#at)
  }

  head(head: HttpHead): void {
    this.#head ??= { ...head, headers_ms: this.#offset() }
  }

  chunk(bytes: Uint8Array): void {
    if (this.#ended) return
    this.#chunks.push([this.#offset(), bytes])
    this.#bytes += bytes.byteLength
  }

  complete(): void {
    this.#end({ kind: 'complete', offset_ms: this.#offset() })
  }

  aborted(reason: unknown): void {
    // A client that drops a body it already has whole has lost nothing.
    const length = Number(this.#head && headerValue(this.#head.headers, 'content-length'))
    const whole = this.#head !== null && Number.isInteger(length) && this.#bytes >= length
    if (whole) this.complete()
    else this.#end({ kind: 'aborted', offset_ms: this.#offset(), error: describeError(reason) })
  }

  failed(error: unknown): void {
    const kind = this.#head === null ? 'failed' : 'cut'
    this.#end({ kind, offset_ms: this.#offset(), error: describeError(error) })
  }

  #end(end: InteractionEnd): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd(this.#answer(), end)
  }

  #answer(): HttpAnswer | null {
    if (this.#head === null) return null
    const { status, status_text, headers, headers_ms } = this.#head
    const chunks = decodeChunks(this.#chunks, headerValue(headers, 'content-encoding')) ?? this.#chunks
    return {
      status,
      status_text,
      headers,
      headers_ms,
      chunks: chunks.map(([offset, bytes]) => [offset, toPayload(bytes)]),
    }
  }
}
