import type { FunctionAsk } from '../boundary/tape.ts'
import type { FunctionInteraction, HttpInteraction, Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import { type CanonicalCall, canonicaliseInteraction, canonicalText, type HeaderNames } from './canonical-call.ts'
import { firstSeen } from './first-seen.ts'
import {
  type CallKey,
  isSameJson,
  isSameRequest,
  keyOfFunction,
  keyOfInteraction,
  keyOfRequest,
  type TextRequest,
} from './identical.ts'
import { createIgnoreVolatile, type IgnoreVolatile } from './ignore-volatile.ts'
import { type RecordedSide, type Renaming, type Shape, shapeOf } from './renaming.ts'

/** A recorded call and whether its answer was given already. */
export class EvidenceEntry<T extends Interaction = Interaction> {
  /** Place among the recorded interactions, from 1. */
  readonly step: number
  readonly interaction: T
  used = false
  #call: CanonicalCall | null = null
  readonly #counted: HeaderNames | undefined

  constructor(interaction: T, step: number, counted?: HeaderNames) {
    this.interaction = interaction
    this.step = step
    this.#counted = counted
  }

  /** Worked out when it is needed: most calls are found by their very bytes. */
  get call(): CanonicalCall {
    this.#call ??= canonicaliseInteraction(this.interaction, this.#counted)
    return this.#call
  }
}

export interface EvidenceMatch {
  entry: EvidenceEntry
  grade: 'exact' | 'renamed' | 'ignored' | 'stale'
  note?: string
}

/** Entries of one content, in recorded order: the n-th equal call gets the n-th answer. */
class Queues {
  readonly #queues = new Map<string, EvidenceEntry[]>()

  add(key: string, entry: EvidenceEntry): void {
    const queue = this.#queues.get(key)
    if (queue === undefined) this.#queues.set(key, [entry])
    else queue.push(entry)
  }

  /** The first of them that is unused and is looked for; null without any. */
  find(key: string, isIt: (entry: EvidenceEntry) => boolean): EvidenceEntry | null {
    const queue = this.#queues.get(key)
    if (queue === undefined) return null
    // Entries that another rung of the ladder gave away are passed over, once.
    while (queue[0]?.used) queue.shift()
    for (const entry of queue) if (!entry.used && isIt(entry)) return entry
    return null
  }
}

/** One way of reading calls: all of their content, or what is left without the volatile fields. */
class Reading {
  readonly grade: 'renamed' | 'ignored'
  readonly #ignore: IgnoreVolatile | null
  readonly #shapes = new Map<EvidenceEntry, Shape>()
  readonly #queues = new Queues()

  constructor(entries: readonly EvidenceEntry[], ignore: IgnoreVolatile | null) {
    this.grade = ignore === null ? 'renamed' : 'ignored'
    this.#ignore = ignore
    for (const entry of entries) {
      const shape = this.shapeOf(entry.call)
      this.#shapes.set(entry, shape)
      this.#queues.add(shape.text, entry)
    }
  }

  shapeOf({ text, target, content }: CanonicalCall): Shape {
    return shapeOf(this.#ignore === null ? text : canonicalText(target, this.#ignore(content)))
  }

  recorded(entry: EvidenceEntry): Shape {
    return this.#shapes.get(entry) ?? { text: '', tokens: [] }
  }

  find(shape: Shape, isIt: (entry: EvidenceEntry) => boolean): EvidenceEntry | null {
    return this.#queues.find(shape.text, isIt)
  }
}

/**
 * What the recording can answer, found by content in constant time, never by position. The ladder: the equal call, else one
 * that is equal up to a renaming of values that the agent made, else one that is so but for volatile fields.
 */
export class EvidenceIndex {
  readonly entries: EvidenceEntry[]
  /** Takes the volatile fields out of a call's content. */
  readonly ignore: IgnoreVolatile
  readonly #identical = new Map<string, Queues>()
  #exact: Queues | null = null
  readonly #nested: Map<string | undefined, EvidenceEntry[]>
  readonly #ignoring: IgnoreVolatile | null
  readonly #volatile: readonly string[]
  readonly #inside: ReadonlySet<string>
  readonly #counted: HeaderNames | undefined
  readonly #recording: Recording
  #readings: Reading[] | null = null
  #worldSince: Map<string, number> | null = null

  /**
   * @param volatile Paths that the scenario ignores.
   * @param inside Wrapped tools whose own calls are answered, not they themselves.
   * @param counted Headers that are part of the question beside those that always are.
   */
  constructor(
    recording: Recording,
    volatile: readonly string[],
    inside: ReadonlySet<string> = new Set(),
    counted?: HeaderNames,
  ) {
    this.#inside = inside
    this.#counted = counted
    this.#recording = recording
    this.#volatile = volatile
    this.#ignoring = createIgnoreVolatile(volatile)
    this.ignore = this.#ignoring ?? ((content) => content)
    this.entries = recording.interactions.map(
      (interaction, index) => new EvidenceEntry(interaction, index + 1, counted),
    )
    this.#nested = Map.groupBy(this.entries, ({ interaction }) => interaction.parent)
    for (const entry of this.#inOrder()) this.#addIdentical(entry)
  }

  /**
   * The best evidence there can be: the first unused request that was recorded byte for byte as this one. It needs no
   * reading, nor a search for secrets: what it holds stands in the recording.
   */
  findRequest(request: TextRequest): EvidenceEntry<HttpInteraction> | null {
    const isSame = ({ interaction }: EvidenceEntry): boolean =>
      interaction.kind === 'http' && isSameRequest(request, interaction.request, this.#counted)
    return this.#findKey(keyOfRequest(request), isSame) as EvidenceEntry<HttpInteraction> | null
  }

  /** The first unused call of a wrapped function that was recorded with just these arguments. */
  findFunction({ kind, name }: FunctionAsk, args: unknown): EvidenceEntry<FunctionInteraction> | null {
    const isSame = ({ interaction }: EvidenceEntry): boolean =>
      interaction.kind !== 'http' && isSameJson(args, interaction.args) && !interaction.lossy
    try {
      return this.#findKey(keyOfFunction(kind, name, args), isSame) as EvidenceEntry<FunctionInteraction> | null
    } catch {
      // Arguments that cannot be looked at are no plain JSON: they are encoded with care.
      return null
    }
  }

  #addIdentical(entry: EvidenceEntry): void {
    const key = keyOfInteraction(entry.interaction)
    if (key === null) return
    const queues = this.#identical.get(key.target) ?? new Queues()
    this.#identical.set(key.target, queues)
    queues.add(key.sample, entry)
  }

  #findKey({ target, sample }: CallKey, isIt: (entry: EvidenceEntry) => boolean): EvidenceEntry | null {
    return this.#identical.get(target)?.find(sample, isIt) ?? null
  }

  /** Marks an entry as used: its answer is given. */
  use(entry: EvidenceEntry): void {
    entry.used = true
    // A wrapped tool that is answered does not make its own calls again.
    for (const inner of this.#nested.get(entry.interaction.id) ?? []) this.use(inner)
  }

  /**
   * The best unused evidence for a call, marked as used; null when the recording holds none.
   *
   * @param at_ms When the call is made, ms since the start of the run.
   */
  take(call: CanonicalCall, renaming: Renaming, at_ms: number): EvidenceMatch | null {
    const match = this.#takeExact(call) ?? this.#takeAlike(call, renaming, at_ms)
    if (match !== null) this.use(match.entry)
    return match
  }

  /** True when such a call was recorded, and its answers are used up. */
  isExhausted(call: CanonicalCall, renaming: Renaming, at_ms: number): boolean {
    const used = this.entries.filter((entry) => entry.used)
    if (used.some((entry) => entry.call.text === call.text)) return true
    return this.#allReadings().some((reading) => {
      const asked = reading.shapeOf(call)
      return used.some((entry) => {
        const recorded = reading.recorded(entry)
        return recorded.text === asked.text && renaming.isAlike(recorded.tokens, asked.tokens, this.#side(entry, at_ms))
      })
    })
  }

  #takeExact(call: CanonicalCall): EvidenceMatch | null {
    if (this.#exact === null) {
      this.#exact = new Queues()
      for (const entry of this.#inOrder()) this.#exact.add(entry.call.text, entry)
    }
    const entry = this.#exact.find(call.text, () => true)
    return entry === null ? null : { entry, grade: 'exact' }
  }

  #takeAlike(call: CanonicalCall, renaming: Renaming, at_ms: number): EvidenceMatch | null {
    for (const reading of this.#allReadings()) {
      const asked = reading.shapeOf(call)
      const entry = reading.find(asked, (one) =>
        renaming.unify(reading.recorded(one).tokens, asked.tokens, this.#side(one, at_ms)),
      )
      if (entry !== null) return { entry, grade: reading.grade, note: this.#note(reading, renaming) }
    }
    return null
  }

  #note({ grade }: Reading, renaming: Renaming): string {
    const pairs = renaming.pairs.slice(0, 5).map(([from, to]) => `${from} → ${to}`)
    const renamed = pairs.length === 0 ? [] : [`generated values renamed: ${pairs.join(', ')}`]
    return [...(grade === 'ignored' ? [`ignored: ${this.#volatile.join(', ')}`] : []), ...renamed].join('; ')
  }

  #allReadings(): Reading[] {
    if (this.#readings === null) {
      const entries = this.#inOrder()
      this.#readings = [new Reading(entries, null)]
      if (this.#ignoring !== null) this.#readings.push(new Reading(entries, this.#ignoring))
    }
    return this.#readings
  }

  /** Calls that the agent made itself before those that a wrapped tool made for it. */
  #inOrder(): EvidenceEntry[] {
    const within = this.#listWithin()
    const isOwn = ({ interaction }: EvidenceEntry): boolean => !within.has(interaction.id)
    return [...this.entries.filter(isOwn), ...this.entries.filter((entry) => !isOwn(entry))]
  }

  /** The calls that are made within a wrapped function which is answered itself. */
  #listWithin(): Set<string> {
    const within = new Set<string>()
    const runs = new Set<string | undefined>([undefined])
    for (const { interaction } of this.entries) {
      const { id, kind, parent } = interaction
      if (!runs.has(parent)) within.add(id)
      else if (kind === 'tool' && this.#inside.has(interaction.name)) runs.add(id)
    }
    return within
  }

  #side({ interaction }: EvidenceEntry, at_ms: number): RecordedSide {
    this.#worldSince ??= firstSeen(this.#recording)
    const seen = this.#worldSince
    return {
      // Whether the world had told the agent this value before it made the recorded call.
      isWorld: (token) => (seen.get(token) ?? Number.POSITIVE_INFINITY) <= interaction.started_ms,
      later_ms: at_ms - interaction.started_ms,
    }
  }
}
