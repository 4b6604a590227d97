import type {
  FunctionAsk,
  FunctionDecision,
  HttpAsk,
  HttpDecision,
  ServedExchange,
  Tape,
  Within,
} from '../boundary/tape.ts'
import { type CallSite, takeCallSite } from '../boundary/world/call-site.ts'
import { roundMs } from '../core/clock.ts'
import { never } from '../core/nothing.ts'
import type {
  FunctionInteraction,
  HttpInteraction,
  HttpRequest,
  Interaction,
  InteractionEnd,
} from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import { encodeValue } from '../recording/encode-value.ts'
import { summariseRequest } from '../trace/summarise-request.ts'
import { CallStarts } from './call-starts.ts'
import { type CanonicalCall, canonicaliseInteraction, type HeaderNames } from './canonical-call.ts'
import { CleanHeaders } from './clean-headers.ts'
import { describeDivergence } from './describe-divergence.ts'
import { type EvidenceEntry, EvidenceIndex, type EvidenceMatch } from './evidence-index.ts'
import { worldText } from './first-seen.ts'
import { asGiven, type FoundAnswer, isFunction, isHttp } from './found-answer.ts'
import { asText } from './identical.ts'
import { knowOrigins } from './known-origins.ts'
import { knownUntil } from './known-until.ts'
import { compareNames, gradeByNames, renameMessages, requestOf } from './mcp/message-names.ts'
import { abandonCancelled, isServer, type McpTies, readMcpTies, STANDS_LONGER } from './mcp/standing-streams.ts'
import { NEVER } from './never-exchange.ts'
import { OpenCalls } from './open-calls.ts'
import { redactAsk } from './redact-ask.ts'
import { renameAnswer, renameValue } from './rename-answer.ts'
import { Renaming } from './renaming.ts'
import type { ReplayTapeOptions } from './replay-tape-options.ts'
import { RetryAfter } from './retry-after.ts'
import { ServedFunction } from './served-function.ts'
import { ServedInteraction } from './served-interaction.ts'
import { tellUnwrapped } from './tell-unwrapped.ts'
import { Timeline } from './timeline.ts'
import { ToolRuns } from './tool-runs.ts'

/**
 * The replayer's tape: answers each call from the recording by its content, with the grade of the evidence, and writes down
 * what it served. Nothing that it cannot answer is ever passed on.
 */
export class ReplayTape implements Tape {
  readonly mode = 'serve'
  readonly holds: (origin: string) => boolean
  readonly #options: ReplayTapeOptions
  readonly #index: EvidenceIndex
  readonly #given: Recording
  readonly #givenCalls: Map<string, Interaction>
  readonly #renaming: Renaming
  readonly #timeline = new Timeline()
  readonly #headers: CleanHeaders
  readonly #open: OpenCalls
  readonly #inside: ReadonlySet<string>
  readonly #counted: HeaderNames
  readonly #runs: ToolRuns
  readonly #ties: McpTies
  readonly #starts: CallStarts
  readonly #retryAfter: RetryAfter

  constructor(options: ReplayTapeOptions) {
    this.#options = options
    this.#inside = new Set(options.inside)
    this.#counted = new Set(options.counted)
    this.#index = new EvidenceIndex(options.recording, options.volatile, this.#inside, this.#counted)
    this.#runs = new ToolRuns(options.clock, options.writer)
    this.#starts = new CallStarts(options)
    this.#headers = new CleanHeaders(options.redactor)
    const { given, recording, clock } = options
    this.holds = knowOrigins(recording, options.supplements)
    this.#open = new OpenCalls(clock, options.writer)
    this.#given = given ?? recording
    this.#ties = readMcpTies(this.#given)
    this.#retryAfter = new RetryAfter(recording)
    this.#givenCalls = new Map(given?.interactions.map((one) => [one.id, one]))
    this.#renaming = new Renaming(JSON.stringify(options.input ?? [options.recording.input]), options.shift_ms)
  }

  /** Whether calls are open: a connection keeps a process alive. */
  get isWaiting(): boolean {
    return this.#open.size > 0
  }

  /** What the run is waiting for, for the report of a deadlock. */
  get waiting(): string[] {
    return this.#open.describe()
  }

  /** The call that ended last, for the same. */
  get last(): string | null {
    return this.#open.describeLast()
  }

  /** Ends the oldest silence with a time-out; false when no call waits in one. */
  releaseSilence(): boolean {
    return this.#open.releaseSilence()
  }

  /** The agent has given its output. Calls of which the recording knows no more are left; others go on. */
  endRun(): void {
    this.#open.endRun()
    this.#options.draws?.flush(this.#options.writer)
  }

  /** Writes down the calls that have no end yet: nothing goes on any more. */
  finish(): void {
    this.#open.leave()
    this.#runs.leave()
    this.#options.draws?.flush(this.#options.writer)
  }

  http(ask: HttpAsk, within: Within): HttpDecision {
    const text = asText(ask.body)
    // Nothing can be cancelled while nothing is open: then a long body is not looked through.
    if (this.#open.size > 0 && text?.includes('notifications/cancelled'))
      abandonCancelled(redactAsk(ask, null), this.#open)
    const identical = text === null ? null : this.#index.findRequest({ ...ask, text })
    if (identical !== null) {
      const headers = this.#headers.unless(identical.interaction.request.headers, ask.headers)
      return { kind: 'serve', exchange: this.#serve(this.#repeat(identical, within, headers)) }
    }
    const request = redactAsk(ask, this.#options.redactor)
    const found = this.#find({ ...this.#starts.begin(within), kind: 'http', door: ask.door, request, answer: null })
    return { kind: 'serve', exchange: isHttp(found) ? this.#serve(found) : NEVER }
  }

  call(ask: FunctionAsk, within: Within): FunctionDecision {
    if (ask.kind === 'tool' && this.#inside.has(ask.name)) return this.#runTool(ask, within)
    this.#options.onStandIn?.(ask)
    const args = ask.args.length === 1 ? ask.args[0] : ask.args
    const identical = this.#index.findFunction(ask, args)
    if (identical !== null) return { kind: 'serve', result: this.#return(this.#repeat(identical, within)) }
    const { value, lossy } = encodeValue(args)
    const found = this.#find({
      ...this.#starts.begin(within),
      kind: ask.kind,
      name: ask.name,
      args: this.#options.redactor?.json(value) ?? value,
      ...(lossy && { lossy: true }),
    })
    return { kind: 'serve', result: isFunction(found) ? this.#return(found) : never() }
  }

  server(url: string): string | null {
    const address = this.#options.redactor?.url(url) ?? url
    const { recording, supplements } = this.#options
    return isServer(address, [recording, ...(supplements?.recordings ?? [])]) ? address : null
  }

  /** Lets the code of a tool run: what it asks in its turn is answered. */
  #runTool(ask: FunctionAsk, within: Within): FunctionDecision {
    return { kind: 'proceed', observer: this.#runs.begin(ask, this.#starts.begin(within)) }
  }

  /** Takes a call that is recorded as it is made: there is no better evidence. */
  #repeat<T extends Interaction>(
    entry: EvidenceEntry<T>,
    within: Within,
    headers?: HttpRequest['headers'],
  ): FoundAnswer<T> {
    this.#index.use(entry)
    const recorded = entry.interaction
    const call = this.#starts.begin(within)
    const start = this.#start(call, recorded)
    this.#options.writer.repeatCall(recorded, { ...call, started_ms: roundMs(start), headers })
    return { id: call.id, recorded, start, evidence: { grade: 'exact', source: recorded.id } }
  }

  /** Writes the call down and walks down the ladder; null when the replay stops here. */
  #find(asked: Interaction): FoundAnswer | null {
    const { writer, clock } = this.#options
    const { id } = asked
    const call = canonicaliseInteraction(asked, this.#counted)
    const found = this.#index.take(call, this.#renaming, clock.offset)
    if (found === null) {
      const beside = this.#supplement(call, asked)
      if (beside !== null) return beside
    }
    const match = found ?? this.#diverge(call, asked)
    if (match === null) {
      writer.call(asked, 'clean')
      writer.result({ id, end: null, evidence: { grade: 'none', source: null } }, 'clean')
      return null
    }
    const recorded = match.entry.interaction
    const { grade, note } = gradeByNames(match, asked)
    const start = this.#start(asked, recorded)
    writer.call({ ...asked, started_ms: roundMs(start) }, 'clean')
    const evidence = { grade, source: recorded.id, ...(note !== undefined && { note }) }
    return { id, recorded, start, evidence, asked: requestOf(asked) }
  }

  /** Looks for an answer beside the recording. */
  #supplement(call: CanonicalCall, asked: Interaction): FoundAnswer | null {
    const { writer, clock, supplements } = this.#options
    const answer = supplements?.take(call, asked, this.#renaming, clock.offset)
    if (answer == null) return null
    writer.call(asked, 'clean')
    const { interaction, evidence, finish } = answer
    const start = clock.offset
    return { id: asked.id, recorded: interaction, evidence, start, asked: requestOf(asked), foreign: { finish } }
  }

  /** A recorded call with the times at which it is answered. */
  #timed<T extends Interaction>({ recorded, foreign }: FoundAnswer<T>): T {
    if (foreign !== undefined) return recorded
    return (this.#givenCalls.get(recorded.id) as T | undefined) ?? recorded
  }

  #site(): CallSite | null {
    return this.#options.traced ? takeCallSite() : null
  }

  #start(call: Pick<Interaction, 'id' | 'parent'>, recorded: Interaction): number {
    tellUnwrapped(call, recorded, this.#given, this.#options.onUnwrapped)
    const { offset } = this.#options.clock
    if ((recorded.kind !== 'http' && recorded.sync === true) || this.#ties.standing.has(recorded.id)) return offset
    return this.#timeline.place(call.id, this.#givenCalls.get(recorded.id) ?? recorded, offset)
  }

  /** Reports what the recording does not hold; gives the nearest answer where stale ones are asked for. */
  #diverge(call: CanonicalCall, asked: Interaction): EvidenceMatch | null {
    const grade = this.#options.on_divergence === 'stale' ? 'stale' : 'none'
    const at_ms = this.#options.clock.offset
    const asking = { step: this.#starts.count, interaction: asked.id, at_ms, call, known: this.#options.known }
    const question = { ...asking, summary: summariseRequest(asked) }
    const { divergence, nearest } = describeDivergence(question, this.#index, this.#renaming, grade)
    const servable = grade === 'stale' && nearest !== null && nearest.call.target === call.target
    this.#options.onDivergence(servable ? divergence : { ...divergence, grade: 'none' })
    if (!servable) return null
    nearest.used = true
    const { kind, difference } = divergence
    return { entry: nearest, grade: 'stale', note: difference === null ? kind : `${kind} at ${difference.path}` }
  }

  #serve(found: FoundAnswer<HttpInteraction>): ServedExchange {
    const { id, recorded, evidence, start, foreign, asked } = found
    const timed = this.#timed(found)
    // Without `asked` it asked the very same, names included.
    const names = asked === undefined ? null : compareNames(recorded.request, asked)
    const interaction = asGiven(found, renameMessages(renameAnswer(timed, this.#renaming), names))
    if (foreign === undefined) this.#retryAfter.give(recorded, evidence, start, timed.answer)
    const onEnd = (end: InteractionEnd, chunks: number | null): void => {
      this.#timeline.end(id)
      this.#open.end({ id, recorded, given: interaction, evidence }, chunks, end)
    }
    const ties = foreign === undefined ? this.#ties : null
    const standing = ties?.openEnded.has(recorded.id) === true
    const onBeyond = this.#open.watchBeyond(id, () => {
      if (!standing) evidence.grade = 'beyond'
      evidence.note = standing ? STANDS_LONGER : 'the client waits for longer than the recorded one did'
    })
    const { finish } = foreign ?? this.#given
    const served = new ServedInteraction(this.#options.clock, {
      interaction,
      start,
      knownUntil: knownUntil(timed, finish, ties),
      isStanding: standing,
      onEnd,
      onBeyond,
    })
    const call = { id, evidence, recorded, since: roundMs(start), site: this.#site() }
    const outlives = recorded.end === null || standing
    this.#open.add({ ...call, served, outlives, asked: asked ?? recorded.request })
    this.#renaming.learn(() => worldText(interaction))
    return served
  }

  #return(found: FoundAnswer<FunctionInteraction>): unknown {
    const { id, recorded, evidence, start, foreign } = found
    const { clock } = this.#options
    const timed = this.#timed(found)
    const interaction = asGiven(found, renameValue(timed, this.#renaming))
    const onEnd = (end: InteractionEnd): void => {
      this.#timeline.end(id)
      this.#open.end({ id, recorded, given: interaction, evidence }, null, end)
    }
    const onBeyond = this.#open.watchBeyond(id, () => {
      evidence.grade = 'beyond'
      evidence.note = 'the agent waits for longer than the recorded run lasted'
    })
    const known = knownUntil(timed, (foreign ?? this.#given).finish, null)
    const outlives = recorded.end === null
    this.#open.add({ id, evidence, recorded, since: roundMs(start), site: this.#site(), outlives })
    this.#renaming.learn(() => JSON.stringify(interaction.value ?? null))
    return new ServedFunction(clock, { interaction, start, knownUntil: known, onEnd, onBeyond }).result()
  }
}
