import { buildError } from '../boundary/network-error.ts'
import type { FunctionAsk, FunctionDecision, HttpAsk, HttpDecision, ServedExchange, Tape } from '../boundary/tape.ts'
import type { VirtualClock } from '../boundary/world/virtual-clock.ts'
import { roundMs } from '../core/clock.ts'
import { doNothing, never } from '../core/nothing.ts'
import type { Evidence } from '../model/evidence.ts'
import {
  type FunctionInteraction,
  type HttpAnswer,
  type HttpInteraction,
  type Interaction,
  type InteractionEnd,
  payloadText,
  toPayload,
} from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import type { Divergence } from '../model/verdict.ts'
import type { RecordingWriter } from '../recording/create-recording-writer.ts'
import { encodeValue } from '../recording/encode-value.ts'
import type { Redactor } from '../recording/redact/create-redactor.ts'
import { summariseRequest } from '../trace/summarise-request.ts'
import { type CanonicalCall, canonicaliseAsk, canonicaliseFunction } from './canonical-call.ts'
import { describeDivergence } from './describe-divergence.ts'
import { type EvidenceEntry, EvidenceIndex, worldText } from './evidence-index.ts'
import { Renaming } from './renaming.ts'
import { ServedInteraction } from './served-interaction.ts'

export interface ReplayTapeOptions {
  recording: Recording
  clock: VirtualClock
  /** Writes the replay's own recording. */
  writer: RecordingWriter
  /** Replaces the secrets of a request as the recorder did, so that both are compared alike. */
  redactor: Redactor | null
  volatile: readonly string[]
  on_divergence: 'fail' | 'stale'
  /** Told of each divergence; one of grade `none` ends the run. */
  onDivergence(divergence: Divergence): void
}

interface OpenExchange {
  id: string
  evidence: Evidence
  served: ServedInteraction
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
  readonly #open = new Map<string, OpenExchange>()
  #calls = 0

  constructor(options: ReplayTapeOptions) {
    this.#options = options
    this.#index = new EvidenceIndex(options.recording, options.volatile)
    this.#renaming = new Renaming(JSON.stringify(options.recording.input))
  }

  /** What the run is waiting for, for the report of a deadlock. */
  get waiting(): string[] {
    return [...this.#open.values()].map(
      ({ id, served }) => `${id} ${served.interaction.request.method} ${served.interaction.request.url}`,
    )
  }

  /** Ends the oldest silence with a time-out; false when no call waits in one. */
  releaseSilence(): boolean {
    const silent = [...this.#open.values()].find(({ served }) => served.isSilent)
    silent?.served.release()
    return silent !== undefined
  }

  /** Writes down the calls that have no end yet: the run is over. */
  finish(): void {
    for (const { id, evidence } of this.#open.values()) this.#options.writer.result({ id, end: null, evidence })
    this.#open.clear()
  }

  http(ask: HttpAsk, parent: string | undefined): HttpDecision {
    const redacted = this.#redact(ask)
    const interaction: HttpInteraction = {
      ...this.#begin(parent),
      kind: 'http',
      door: ask.door,
      request: {
        method: redacted.method,
        url: redacted.url,
        headers: redacted.headers,
        body: redacted.body === null ? null : toPayload(redacted.body),
      },
      answer: null,
    }
    this.#options.writer.call(interaction)
    const call = canonicaliseAsk(redacted)
    const found = this.#find(call, interaction)
    if (found === null || found.entry.interaction.kind !== 'http') return { kind: 'serve', exchange: NEVER }
    return { kind: 'serve', exchange: this.#serve(interaction.id, found.entry.interaction, found.evidence) }
  }

  call(ask: FunctionAsk, parent: string | undefined): FunctionDecision {
    const args = encodeValue(ask.args.length === 1 ? ask.args[0] : ask.args)
    const interaction: FunctionInteraction = {
      ...this.#begin(parent),
      kind: ask.kind,
      name: ask.name,
      args: args.value,
      ...(args.lossy && { lossy: true }),
    }
    this.#options.writer.call(interaction)
    const found = this.#find(canonicaliseFunction(ask.kind, ask.name, args.value), interaction)
    const recorded = found?.entry.interaction
    if (found === null || recorded === undefined || recorded.kind === 'http') return { kind: 'serve', result: never() }
    return { kind: 'serve', result: this.#return(interaction.id, recorded, found.evidence) }
  }

  #begin(parent: string | undefined): { id: string; started_ms: number; end: null; parent?: string } {
    return {
      id: `c${++this.#calls}`,
      started_ms: roundMs(this.#options.clock.offset),
      end: null,
      ...(parent !== undefined && { parent }),
    }
  }

  #redact(ask: HttpAsk): HttpAsk {
    const { redactor } = this.#options
    if (redactor === null) return ask
    const payload = ask.body === null ? null : toPayload(ask.body)
    const body = payload !== null && 'text' in payload ? Buffer.from(redactor.text(payload.text)) : ask.body
    return { ...ask, url: redactor.url(ask.url), headers: redactor.headers(ask.headers), body }
  }

  /** Walks down the ladder; null when the replay stops here. */
  #find(call: CanonicalCall, asked: Interaction): { entry: EvidenceEntry; evidence: Evidence } | null {
    const match = this.#index.take(call, this.#renaming)
    if (match !== null) {
      const { grade, note, entry } = match
      return { entry, evidence: { grade, source: entry.interaction.id, ...(note !== undefined && { note }) } }
    }
    const grade = this.#options.on_divergence === 'stale' ? 'stale' : 'none'
    const question = { step: this.#calls, interaction: asked.id, call, summary: summariseRequest(asked) }
    const { divergence, nearest } = describeDivergence(question, this.#index, grade)
    const servable = grade === 'stale' && nearest !== null && nearest.call.target === call.target
    this.#options.onDivergence(servable ? divergence : { ...divergence, grade: 'none' })
    if (!servable) {
      this.#options.writer.result({ id: asked.id, end: null, evidence: { grade: 'none', source: null } })
      return null
    }
    nearest.used = true
    const note =
      divergence.difference === null ? divergence.kind : `${divergence.kind} at ${divergence.difference.path}`
    return { entry: nearest, evidence: { grade: 'stale', source: nearest.interaction.id, note } }
  }

  #serve(id: string, recorded: HttpInteraction, evidence: Evidence): ServedExchange {
    const interaction = this.#rename(recorded)
    const onEnd = (end: InteractionEnd, chunks: HttpAnswer['chunks']): void => {
      this.#open.delete(id)
      const answer = interaction.answer && { ...interaction.answer, chunks }
      this.#options.writer.result({ id, answer, end, evidence })
    }
    const onBeyond = (): void => {
      evidence.grade = 'beyond'
      evidence.note = 'the client waits for longer than the recorded one did'
    }
    const served = new ServedInteraction(this.#options.clock, interaction, onEnd, onBeyond)
    this.#open.set(id, { id, evidence, served })
    this.#renaming.learn(worldText(interaction))
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

  #return(id: string, recorded: FunctionInteraction, evidence: Evidence): unknown {
    const { clock, writer } = this.#options
    const { end, value, lossy, sync } = recorded
    const settle = (): unknown => {
      const flags = { ...(lossy && { lossy }), ...(sync && { sync }) }
      if (end !== null) writer.result({ id, ...(value !== undefined && { value }), ...flags, end, evidence })
      if (end?.kind === 'failed') throw buildError(end.error ?? { name: 'Error', message: 'tool failed' })
      return value === undefined ? undefined : structuredClone(value)
    }
    this.#renaming.learn(worldText(recorded))
    if (sync) return settle()
    if (end === null) return never()
    return new Promise((resolve, reject) => {
      clock.schedule(() => {
        try {
          resolve(settle())
        } catch (error) {
          reject(error as Error)
        }
      }, end.offset_ms)
    })
  }
}

/** The answer to a question that ends the replay: none, ever. */
const NEVER: ServedExchange = {
  head: never(),
  body: () => ({ [Symbol.asyncIterator]: () => ({ next: () => never() }) }),
  abort: doNothing,
}
