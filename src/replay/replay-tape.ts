import type { FunctionAsk, FunctionDecision, HttpAsk, HttpDecision, ServedExchange, Tape } from '../boundary/tape.ts'
import { type CallSite, placeOf, takeCallSite } from '../boundary/world/call-site.ts'
import type { WorldClock } from '../boundary/world/world-clock.ts'
import { roundMs } from '../core/clock.ts'
import type { JsonValue } from '../core/json.ts'
import { doNothing, never } from '../core/nothing.ts'
import type { Evidence } from '../model/evidence.ts'
import {
  type FunctionInteraction,
  type HeaderList,
  type HttpAnswer,
  type HttpInteraction,
  type HttpRequest,
  type Interaction,
  type InteractionEnd,
  payloadText,
  toPayload,
} from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import type { Divergence } from '../model/verdict.ts'
import type { RecordingWriter } from '../recording/create-recording-writer.ts'
import type { DrawLog } from '../recording/draw-log.ts'
import { encodeValue } from '../recording/encode-value.ts'
import type { Redactor } from '../recording/redact/create-redactor.ts'
import { summariseRequest } from '../trace/summarise-request.ts'
import { type CanonicalCall, canonicaliseInteraction } from './canonical-call.ts'
import { describeDivergence } from './describe-divergence.ts'
import { digestAsk, digestFunction } from './digest-call.ts'
import { type EvidenceEntry, EvidenceIndex, type EvidenceMatch, worldText } from './evidence-index.ts'
import { knownUntil } from './known-until.ts'
import { Renaming } from './renaming.ts'
import { ServedFunction } from './served-function.ts'
import { ServedInteraction } from './served-interaction.ts'
import { Timeline } from './timeline.ts'

export interface ReplayTapeOptions {
  recording: Recording
  /**
   * What the agent is called with: all that it knows of the world before it asks.
   * @default the recorded input
   */
  input?: JsonValue[]
  clock: WorldClock
  /** Writes the replay's own recording. */
  writer: RecordingWriter
  /** What the run drew at random: written down with the calls. */
  draws?: DrawLog | undefined
  /** Replaces the secrets of a request as the recorder did, so that both are compared alike. */
  redactor: Redactor | null
  volatile: readonly string[]
  on_divergence: 'fail' | 'stale'
  /** Told of each divergence; one of grade `none` ends the run. */
  onDivergence(divergence: Divergence): void
}

/** A call without an end: HTTP when there is an exchange, else of a wrapped function. */
interface OpenCall {
  id: string
  evidence: Evidence
  recorded: Interaction
  /** When it began, ms of virtual time, and where in the agent's code. */
  since: number
  site: CallSite
  served?: ServedInteraction
}

/** What a call is answered with, and when it begins, ms of virtual time. */
interface Found<T extends Interaction = Interaction> {
  id: string
  recorded: T
  evidence: Evidence
  start: number
}

/**
 * The replayer's tape: answers each call from the recording by its content, with the grade of the evidence, and writes down
 * what it served. Nothing that it cannot answer is ever passed on.
 */
export class ReplayTape implements Tape {
  readonly mode = 'serve'
  readonly #options: ReplayTapeOptions
  readonly #index: EvidenceIndex
  readonly #renaming: Renaming
  readonly #timeline = new Timeline()
  readonly #open = new Map<string, OpenCall>()
  #calls = 0

  constructor(options: ReplayTapeOptions) {
    this.#options = options
    this.#index = new EvidenceIndex(options.recording, options.volatile)
    this.#renaming = new Renaming(JSON.stringify(options.input ?? [options.recording.input]))
  }

  /** Whether calls are open: a connection keeps a process alive. */
  get isWaiting(): boolean {
    return this.#open.size > 0
  }

  /** What the run is waiting for, for the report of a deadlock. */
  get waiting(): string[] {
    return [...this.#open.values()].map(({ id, recorded, since, site }) => {
      const { kind } = recorded
      const what = kind === 'http' ? `${recorded.request.method} ${recorded.request.url}` : `${kind} ${recorded.name}`
      const place = placeOf(site)
      return `${id} ${what} since ${since} ms${place === null ? '' : ` at ${place}`}`
    })
  }

  /** Ends the oldest silence with a time-out; false when no call waits in one. */
  releaseSilence(): boolean {
    const silent = [...this.#open.values()].find(({ served }) => served?.isSilent)
    silent?.served?.release()
    return silent !== undefined
  }

  /** Writes down the calls that have no end yet: the run is over. */
  finish(): void {
    for (const { id, evidence, served } of this.#open.values()) {
      const { answer, end } = served?.leave() ?? { answer: null, end: null }
      this.#options.writer.result({ id, ...(answer && { answer }), end, evidence }, 'clean')
    }
    this.#open.clear()
    this.#options.draws?.flush(this.#options.writer)
  }

  http(ask: HttpAsk, parent: string | undefined): HttpDecision {
    const identical = this.#index.findIdentical(digestAsk(ask))
    const recorded = identical?.interaction.kind === 'http' ? identical.interaction.request : null
    const interaction: HttpInteraction = {
      ...this.#begin(parent),
      kind: 'http',
      door: ask.door,
      request: recorded === null ? this.#redact(ask) : this.#repeat(ask, recorded),
      answer: null,
    }
    const found = this.#find(interaction, identical)
    return { kind: 'serve', exchange: isHttp(found) ? this.#serve(found) : NEVER }
  }

  call(ask: FunctionAsk, parent: string | undefined): FunctionDecision {
    const { value, lossy } = encodeValue(ask.args.length === 1 ? ask.args[0] : ask.args)
    const identical = this.#index.findIdentical(digestFunction(ask.kind, ask.name, value))
    const args = identical === null ? (this.#options.redactor?.json(value) ?? value) : value
    const interaction: FunctionInteraction = {
      ...this.#begin(parent),
      kind: ask.kind,
      name: ask.name,
      args,
      ...(lossy && { lossy: true }),
    }
    const found = this.#find(interaction, identical)
    return { kind: 'serve', result: isFunction(found) ? this.#return(found) : never() }
  }

  #begin(parent: string | undefined): { id: string; started_ms: number; end: null; parent?: string } {
    this.#options.draws?.flush(this.#options.writer)
    return {
      id: `c${++this.#calls}`,
      started_ms: roundMs(this.#options.clock.offset),
      end: null,
      ...(parent !== undefined && { parent }),
    }
  }

  #redact({ method, url, headers, body }: HttpAsk): HttpRequest {
    const { redactor } = this.#options
    const payload = body === null ? null : toPayload(body)
    if (redactor === null) return { method, url, headers, body: payload }
    return {
      method,
      url: redactor.url(url),
      headers: redactor.headers(headers),
      body: payload !== null && 'text' in payload ? { text: redactor.text(payload.text) } : payload,
    }
  }

  /** A request that is recorded byte for byte: only what carries it may differ. */
  #repeat({ headers }: HttpAsk, recorded: HttpRequest): HttpRequest {
    if (equalLines(headers, recorded.headers)) return recorded
    return { ...recorded, headers: this.#options.redactor?.headers(headers) ?? headers }
  }

  /** Writes the call down and walks down the ladder; null when the replay stops here. */
  #find(asked: Interaction, identical: EvidenceEntry | null): Found | null {
    const { writer, clock } = this.#options
    const { id } = asked
    const match = this.#take(asked, identical)
    if (match === null) {
      writer.call(asked, 'clean')
      writer.result({ id, end: null, evidence: { grade: 'none', source: null } }, 'clean')
      return null
    }
    const { grade, note, entry } = match
    const recorded = entry.interaction
    const isSync = recorded.kind !== 'http' && recorded.sync === true
    const start = isSync ? clock.offset : this.#timeline.place(id, recorded, clock.offset)
    writer.call({ ...asked, started_ms: roundMs(start) }, 'clean')
    return { id, recorded, start, evidence: { grade, source: recorded.id, ...(note !== undefined && { note }) } }
  }

  #take(asked: Interaction, identical: EvidenceEntry | null): EvidenceMatch | null {
    if (identical === null) {
      const call = canonicaliseInteraction(asked)
      return this.#index.take(call, this.#renaming, this.#options.clock.offset) ?? this.#diverge(call, asked)
    }
    this.#index.use(identical)
    return { entry: identical, grade: 'exact' }
  }

  /** Reports what the recording does not hold; gives the nearest answer where stale ones are asked for. */
  #diverge(call: CanonicalCall, asked: Interaction): EvidenceMatch | null {
    const grade = this.#options.on_divergence === 'stale' ? 'stale' : 'none'
    const at_ms = this.#options.clock.offset
    const question = { step: this.#calls, interaction: asked.id, at_ms, call, summary: summariseRequest(asked) }
    const { divergence, nearest } = describeDivergence(question, this.#index, this.#renaming, grade)
    const servable = grade === 'stale' && nearest !== null && nearest.call.target === call.target
    this.#options.onDivergence(servable ? divergence : { ...divergence, grade: 'none' })
    if (!servable) return null
    nearest.used = true
    const { kind, difference } = divergence
    return { entry: nearest, grade: 'stale', note: difference === null ? kind : `${kind} at ${difference.path}` }
  }

  #serve({ id, recorded, evidence, start }: Found<HttpInteraction>): ServedExchange {
    const interaction = this.#rename(recorded)
    const onEnd = (end: InteractionEnd, chunks: HttpAnswer['chunks']): void => {
      this.#open.delete(id)
      this.#timeline.end(id)
      const answer = interaction.answer && { ...interaction.answer, chunks }
      // Why a client gave up is its own to say.
      this.#options.writer.result({ id, answer, end, evidence }, end.kind === 'aborted' ? 'raw' : 'clean')
    }
    const onBeyond = (): void => {
      evidence.grade = 'beyond'
      evidence.note = 'the client waits for longer than the recorded one did'
    }
    const known = knownUntil(recorded, this.#options.recording.finish)
    const served = new ServedInteraction(this.#options.clock, {
      interaction,
      start,
      knownUntil: known,
      onEnd,
      onBeyond,
    })
    this.#open.set(id, { id, evidence, recorded, since: roundMs(start), site: takeCallSite(), served })
    this.#renaming.learn(() => worldText(interaction))
    return served
  }

  /** The recorded answer with the replay's own generated values in it. */
  #rename(recorded: HttpInteraction): HttpInteraction {
    const { answer } = recorded
    if (answer === null || this.#renaming.pairs.length === 0) return recorded
    if (!answer.chunks.every(([, data]) => 'text' in data)) return recorded
    const texts = this.#renaming.apply(answer.chunks.map(([, data]) => payloadText(data)))
    const chunks = answer.chunks.map(([offset], i): HttpAnswer['chunks'][number] => [offset, { text: texts[i] ?? '' }])
    const headers = answer.headers.map(([name, value]): [string, string] => [
      name,
      this.#renaming.apply([value])[0] ?? value,
    ])
    return { ...recorded, answer: { ...answer, headers, chunks } }
  }

  #return({ id, recorded, evidence, start }: Found<FunctionInteraction>): unknown {
    const { clock, writer, recording } = this.#options
    const { lossy, sync } = recorded
    const value = recorded.value === undefined ? undefined : this.#renaming.applyToJson(recorded.value)
    const onEnd = (end: InteractionEnd): void => {
      this.#open.delete(id)
      this.#timeline.end(id)
      const flags = { ...(lossy && { lossy }), ...(sync && { sync }) }
      writer.result({ id, ...(value !== undefined && { value }), ...flags, end, evidence }, 'clean')
    }
    const onBeyond = (): void => {
      evidence.grade = 'beyond'
      evidence.note = 'the agent waits for longer than the recorded run lasted'
    }
    this.#open.set(id, { id, evidence, recorded, since: roundMs(start), site: takeCallSite() })
    this.#renaming.learn(() => JSON.stringify(value ?? null))
    const interaction = { ...recorded, value }
    const known = knownUntil(recorded, recording.finish)
    return new ServedFunction(clock, { interaction, start, knownUntil: known, onEnd, onBeyond }).result()
  }
}

function equalLines(a: HeaderList, b: HeaderList): boolean {
  return a.length === b.length && a.every(([name, value], i) => name === b[i]?.[0] && value === b[i]?.[1])
}

function isHttp(found: Found | null): found is Found<HttpInteraction> {
  return found?.recorded.kind === 'http'
}

function isFunction(found: Found | null): found is Found<FunctionInteraction> {
  return found !== null && found.recorded.kind !== 'http'
}

/** The answer to a question that ends the replay: none, ever. */
const NEVER: ServedExchange = {
  head: never(),
  body: () => ({ [Symbol.asyncIterator]: () => ({ next: () => never() }) }),
  abort: doNothing,
}
