import { answerText, type Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import { type CanonicalCall, canonicaliseInteraction, canonicalText } from './canonical-call.ts'
import { createIgnoreVolatile, type IgnoreVolatile } from './ignore-volatile.ts'
import { type Renaming, shapeOf, type Token, tokensOf } from './renaming.ts'

/** A recorded call and whether its answer was given already. */
export interface EvidenceEntry {
  /** Place among the recorded interactions, from 1. */
  step: number
  interaction: Interaction
  call: CanonicalCall
  used: boolean
}

export interface EvidenceMatch {
  entry: EvidenceEntry
  grade: 'exact' | 'renamed' | 'ignored'
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

  first(key: string): EvidenceEntry | undefined {
    const queue = this.#queues.get(key)
    // Entries that another rung of the ladder gave away are passed over, once.
    while (queue?.[0]?.used) queue.shift()
    return queue?.[0]
  }

  all(key: string): EvidenceEntry[] {
    return this.#queues.get(key)?.filter((entry) => !entry.used) ?? []
  }
}

/**
 * What the recording can answer, found by content in constant time, never by position. The ladder: the equal call, else one
 * that is equal up to a renaming of values that the agent made, else one that is equal but for volatile fields.
 */
export class EvidenceIndex {
  readonly entries: EvidenceEntry[]
  readonly #exact = new Queues()
  #shapes: Queues | null = null
  #ignored: Queues | null = null
  readonly #ignore: IgnoreVolatile | null
  readonly #volatile: readonly string[]
  readonly #tokens = new Map<EvidenceEntry, Token[]>()
  #worldSince: Map<string, number> | null = null
  readonly #recording: Recording

  /** @param volatile Paths that the scenario ignores. */
  constructor(recording: Recording, volatile: readonly string[]) {
    this.#recording = recording
    this.#volatile = volatile
    this.#ignore = createIgnoreVolatile(volatile)
    this.entries = recording.interactions.map((interaction, index) => ({
      step: index + 1,
      interaction,
      call: canonicaliseInteraction(interaction),
      used: false,
    }))
    for (const entry of this.entries) this.#exact.add(entry.call.text, entry)
  }

  /** The best unused evidence for a call, marked as used; null when the recording holds none. */
  take(call: CanonicalCall, renaming: Renaming): EvidenceMatch | null {
    const match = this.#takeExact(call) ?? this.#takeRenamed(call, renaming) ?? this.#takeIgnored(call)
    if (match !== null) match.entry.used = true
    return match
  }

  /** True when an equal call was recorded, and its answers are used up. */
  isExhausted(call: CanonicalCall): boolean {
    return this.entries.some((entry) => entry.used && entry.call.text === call.text)
  }

  #takeExact(call: CanonicalCall): EvidenceMatch | null {
    const entry = this.#exact.first(call.text)
    return entry === undefined ? null : { entry, grade: 'exact' }
  }

  #takeRenamed(call: CanonicalCall, renaming: Renaming): EvidenceMatch | null {
    const shape = shapeOf(call.text)
    if (shape.tokens.length === 0) return null
    this.#shapes ??= this.#indexShapes()
    for (const entry of this.#shapes.all(shape.text)) {
      const isWorld = (token: string): boolean => this.#isWorld(token, entry)
      if (!renaming.unify(this.#tokens.get(entry) ?? [], shape.tokens, isWorld)) continue
      const pairs = renaming.pairs.slice(0, 5).map(([from, to]) => `${from} → ${to}`)
      return { entry, grade: 'renamed', note: `generated values renamed: ${pairs.join(', ')}` }
    }
    return null
  }

  #takeIgnored(call: CanonicalCall): EvidenceMatch | null {
    const ignore = this.#ignore
    if (ignore === null) return null
    const textOf = ({ target, content }: CanonicalCall): string => canonicalText(target, ignore(content))
    if (this.#ignored === null) {
      this.#ignored = new Queues()
      for (const entry of this.entries) this.#ignored.add(textOf(entry.call), entry)
    }
    const entry = this.#ignored.first(textOf(call))
    return entry === undefined ? null : { entry, grade: 'ignored', note: `ignored: ${this.#volatile.join(', ')}` }
  }

  #indexShapes(): Queues {
    const shapes = new Queues()
    for (const entry of this.entries) {
      const shape = shapeOf(entry.call.text)
      this.#tokens.set(entry, shape.tokens)
      if (shape.tokens.length > 0) shapes.add(shape.text, entry)
    }
    return shapes
  }

  /** Whether the world had told the agent this value before it made the recorded call. */
  #isWorld(token: string, entry: EvidenceEntry): boolean {
    this.#worldSince ??= firstSeen(this.#recording)
    const since = this.#worldSince.get(token)
    return since !== undefined && since <= entry.interaction.started_ms
  }
}

/** For each generated value of the input and the answers: when the agent first got it, ms. */
function firstSeen(recording: Recording): Map<string, number> {
  const seen = new Map<string, number>()
  const see = (text: string, at: number): void => {
    for (const token of tokensOf(text)) seen.set(token, Math.min(seen.get(token) ?? at, at))
  }
  see(JSON.stringify(recording.input), Number.NEGATIVE_INFINITY)
  for (const interaction of recording.interactions) {
    see(worldText(interaction), interaction.started_ms + (interaction.end?.offset_ms ?? 0))
  }
  return seen
}

/** All that the world said in an interaction, as text. */
export function worldText(interaction: Interaction): string {
  if (interaction.kind !== 'http') return JSON.stringify(interaction.value ?? null)
  const { answer } = interaction
  if (answer === null) return ''
  return `${answer.headers.map((line) => line.join(': ')).join('\n')}\n${answerText(answer)}`
}
