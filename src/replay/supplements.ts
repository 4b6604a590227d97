import { sha256 } from '../core/hash.ts'
import type { Evidence, Stub } from '../model/evidence.ts'
import type { Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import type { RunFinish } from '../model/run.ts'
import { isSecretHeader } from '../recording/redact/is-secret-name.ts'
import { answerOfStub } from './answer-of-stub.ts'
import { BUILT_IN_STUBS } from './built-in-stubs.ts'
import type { CanonicalCall, HeaderNames } from './canonical-call.ts'
import { EvidenceIndex } from './evidence-index.ts'
import { originsOf } from './known-origins.ts'
import type { Renaming } from './renaming.ts'

/** A further recording whose answers may be used. */
export interface Supplement {
  grade: 'pooled' | 'live'
  /** How it is named in the evidence. */
  label: string
  recording: Recording
}

/** An answer that the recording of the incident does not hold, and what it is worth. */
export interface SupplementedAnswer {
  interaction: Interaction
  evidence: Evidence
  /** End of the run in which it was given; null when that is not known. */
  finish: RunFinish | null
}

/** Where answers are looked for that the recording of the incident does not hold: recordings, assumptions, live answers. */
export class Supplements {
  readonly #sources: (Supplement & { index: EvidenceIndex })[]
  readonly #stubs: readonly Stub[]

  constructor(
    supplements: readonly Supplement[],
    stubs: readonly Stub[],
    volatile: readonly string[],
    counted?: HeaderNames,
  ) {
    const open = ({ recording }: Supplement) => new EvidenceIndex(recording, volatile, undefined, counted)
    this.#sources = supplements.map((one) => ({ ...one, index: open(one) }))
    this.#stubs = stubs
  }

  /** The origins that have answers here. */
  origins(): string[] {
    const stubbed = this.#stubs.flatMap(({ request }) => URL.parse(request.replace(/^\S+ /, ''))?.origin ?? [])
    return [...this.#sources.flatMap(({ recording }) => originsOf(recording)), ...stubbed]
  }

  get recordings(): Recording[] {
    return this.#sources.map(({ recording }) => recording)
  }

  /** The best answer to a question; null when nothing holds one. */
  take(call: CanonicalCall, asked: Interaction, renaming: Renaming, at_ms: number): SupplementedAnswer | null {
    return (
      this.#takeRecorded('pooled', call, asked, renaming, at_ms) ??
      takeStub(this.#stubs, call, asked) ??
      this.#takeRecorded('live', call, asked, renaming, at_ms) ??
      takeStub(BUILT_IN_STUBS, call, asked)
    )
  }

  #takeRecorded(
    grade: Supplement['grade'],
    call: CanonicalCall,
    asked: Interaction,
    renaming: Renaming,
    at_ms: number,
  ): SupplementedAnswer | null {
    for (const { label, recording, index } of this.#sources.filter((one) => one.grade === grade)) {
      const match = index.take(call, renaming, at_ms)
      if (match === null) continue
      const { interaction } = match.entry
      if (credentialsOf(interaction) !== credentialsOf(asked) || isLossy(interaction) || isLossy(asked)) continue
      const how = match.grade === 'exact' ? '' : `, ${match.grade}${match.note === undefined ? '' : `: ${match.note}`}`
      const note = `${grade === 'live' ? 'a live answer pinned in' : 'from'} ${label}${how}`
      return { interaction, evidence: { grade, source: `${label}#${interaction.id}`, note }, finish: recording.finish }
    }
    return null
  }
}

function takeStub(stubs: readonly Stub[], call: CanonicalCall, asked: Interaction): SupplementedAnswer | null {
  for (const [index, stub] of stubs.entries()) {
    if (!answers(stub, call)) continue
    const interaction = answerOfStub(stub, asked)
    if (interaction === null) continue
    const source = stubs === BUILT_IN_STUBS ? 'built-in' : `stubs[${index}]`
    return { interaction, evidence: { grade: 'stub', source, note: `assumed: ${stub.assumption}` }, finish: null }
  }
  return null
}

/** Two values that JSON cannot hold may look equal. */
function isLossy(interaction: Interaction): boolean {
  return interaction.kind !== 'http' && interaction.lossy === true
}

/** Which headers say who asks, without what they say: nobody knows how the world answers somebody else. */
function credentialsOf(interaction: Interaction): string {
  if (interaction.kind !== 'http') return ''
  const names = interaction.request.headers.map(([name]) => name.toLowerCase()).filter(isSecretHeader)
  return [...new Set(names)].sort().join()
}

function answers({ request, contains, sha256: digest }: Stub, call: CanonicalCall): boolean {
  if (request !== call.target) return false
  if (contains !== undefined && !call.text.includes(contains)) return false
  return digest === undefined || digest === digestOf(call)
}

/** What a stub names a question by that it is to answer alone. */
export function digestOf({ text }: CanonicalCall): string {
  return sha256(text)
}
