import { canonicalJson } from '../core/canonical-json.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { Interaction } from '../model/interaction.ts'
import type { Chance, Recording } from '../model/recording.ts'
import type { Divergence } from '../model/verdict.ts'
import { canonicaliseInteraction } from '../replay/canonical-call.ts'
import { describeDifference } from '../replay/describe-difference.ts'
import { shapeOf } from '../replay/renaming.ts'
import { summariseRequest } from '../trace/summarise-request.ts'
import { type ChangedHeader, findChangedHeaders } from './find-changed-headers.ts'
import { findChangedSender } from './find-changed-sender.ts'

/** The fields of a request that are the question to a model, whatever its protocol. All others say how it is to answer. */
const QUESTION =
  /^(model|modelId|model_id|messages?|system|prompt|input|inputText|inputs|instructions|contents?|preamble|documents|chat_?history|conversation|previous_response_id|query|texts?|tools?|functions?|system_?instruction|tool_?(choice|config))$/i

/** What a replay left, as far as it is doubted here. */
export interface DoubtedReplay {
  interactions: Interaction[]
  divergences: Divergence[]
}

/** A replay as it stands before it is doubted. */
export interface ReplayToDoubt {
  interactions: Interaction[]
  /** What the run drew at random; missing when it left no recording. */
  chance?: Chance | undefined
  /** Headers that every run sends otherwise. */
  free?: ReadonlySet<string> | undefined
}

/**
 * Takes the worth from answers that were found although only the candidate asks something else. Four kinds of difference are
 * forgiven when a call is looked up, because they change from run to run of one agent: volatile fields, values that
 * programs generate, headers, and by which key somebody asks. What the unfixed agent asks as it was recorded, and the candidate does not, is a change of the
 * question: the recorded answer was given to another one. It becomes `stale`, with the divergence that says so.
 *
 * @param baseline What the replay of the unfixed agent asked.
 * @param volatile Paths that the scenario ignores.
 */
export function doubtChangedQuestions(
  replay: ReplayToDoubt,
  baseline: readonly Interaction[],
  recording: Recording,
  volatile: readonly string[],
): DoubtedReplay {
  const { interactions, chance } = replay
  const changed = Map.groupBy(
    findDoubtedHeaders(replay, baseline, recording, volatile),
    ({ interaction }) => interaction.id,
  )
  const asked = new Map(baseline.map((interaction) => [interaction.evidence?.source, interaction]))
  const drawn = new Set(chance?.uuids)
  const divergences: Divergence[] = []
  const doubted = interactions.map((interaction, index) => {
    const { evidence } = interaction
    if (evidence === undefined || evidence.source === null) return interaction
    const position = recording.interactions.findIndex(({ id }) => id === evidence.source)
    const recorded = recording.interactions[position]
    if (recorded === undefined) return interaction
    const before = asked.get(evidence.source) ?? recorded
    const headers = changed.get(interaction.id) ?? []
    const doubt = findDoubt({ interaction, recorded, before, drawn, headers })
    if (doubt === null) return interaction
    const nearest = { interaction: recorded.id, step: position + 1, used: true }
    const [was, is] = [doubt.of(before), doubt.of(interaction)]
    const { difference, kind } = describeDifference(was, is, { began: [recording.run.started_at] })
    divergences.push({
      step: index + 1,
      interaction: interaction.id,
      request: canonicaliseInteraction(interaction).target,
      summary: summariseRequest(interaction),
      grade: 'stale',
      difference,
      kind,
      nearest,
      remedies: [doubt.why, 'Record the incident again with this candidate, and name that recording as the evidence.'],
    })
    return {
      ...interaction,
      evidence: { grade: 'stale' as const, source: evidence.source, note: `${kind}: ${doubt.note}` },
    }
  })
  return { interactions: doubted, divergences }
}

interface Question {
  interaction: Interaction
  recorded: Interaction
  /** What the unfixed agent asked in its place. */
  before: Interaction
  /** Ids that the candidate drew. */
  drawn: ReadonlySet<string>
  /** Headers that it alone sends otherwise. */
  headers: readonly ChangedHeader[]
}

interface Doubt {
  note: string
  why: string
  /** The part of a call in which the doubt lies. */
  of(interaction: Interaction): JsonObject
}

function findDoubt({ interaction, recorded, before, drawn, headers }: Question): Doubt | null {
  const sender = findChangedSender(recorded, before, interaction)
  if (sender !== null) {
    return {
      note: 'it is asked with other credentials than those of the unfixed agent',
      why: 'The recorded answer was given to somebody else: it proves nothing about who asks now.',
      of: (one) => (one === interaction ? sender.is : sender.was),
    }
  }
  const [header] = headers
  if (header !== undefined) {
    return {
      note: `its header ${header.name} is not that of the unfixed agent`,
      why: 'The recorded answer was given to a request with other headers: it proves nothing about this one.',
      of: (one) => ({ headers: listHeaders(headers, one === interaction ? 'is' : 'was') }),
    }
  }
  const grade = interaction.evidence?.grade
  if (grade !== 'ignored' && grade !== 'renamed') return null
  if (hasChangedConstant(recorded, before, interaction, drawn)) {
    return {
      note: 'an id that the unfixed agent does not generate is another one',
      why: 'The recorded answer was given for another id: the unfixed agent always sends the recorded one, so it is not generated.',
      of: (one) => canonicaliseInteraction(one).content,
    }
  }
  if (grade === 'renamed' || interaction.kind !== 'http') return null
  if ([recorded, before].some((one) => isSameQuestion(one, interaction))) return null
  return {
    note: 'a volatile field holds another question than that of the unfixed agent',
    why: 'The recorded answer was given to another question: it proves nothing about this one, even where `replay.volatile` ignores the field.',
    of: questionOf,
  }
}

/** The headers that a candidate alone sends otherwise, and that nobody says may differ. */
function findDoubtedHeaders(
  replay: ReplayToDoubt,
  baseline: readonly Interaction[],
  recording: Recording,
  volatile: readonly string[],
): ChangedHeader[] {
  return findChangedHeaders(replay, baseline, recording).filter(({ interaction, name }) => {
    const isVolatile = volatile.some((path) => path.toLowerCase() === `header.${name}`)
    const isIgnored = interaction.evidence?.grade === 'ignored' && isVolatile
    return !isIgnored && replay.free?.has(name) !== true
  })
}

function listHeaders(headers: readonly ChangedHeader[], side: 'was' | 'is'): JsonObject {
  return Object.fromEntries(headers.flatMap(({ name, [side]: value }) => (value === undefined ? [] : [[name, value]])))
}

/** Whether a value that looks generated is the recorded one for the unfixed agent, and for the candidate one that it did not draw. */
function hasChangedConstant(
  recorded: Interaction,
  before: Interaction,
  asked: Interaction,
  drawn: ReadonlySet<string>,
): boolean {
  if (before === recorded) return false
  const [from, base, to] = [recorded, before, asked].map((one) => shapeOf(canonicaliseInteraction(one).text).tokens)
  return (to ?? []).some((token, i) => {
    const isClock = token.class === 'time' || token.class === 'epoch'
    const was = from?.[i]?.text
    return !isClock && was === base?.[i]?.text && was !== token.text && !drawn.has(token.text)
  })
}

/** Equal but for values that programs generate. */
function isSameQuestion(a: Interaction, b: Interaction): boolean {
  const [left, right] = [a, b].map((one) => shapeOf(canonicalJson(questionOf(one))).text)
  return left === right
}

/** What a call asks, of its canonical content. */
function questionOf(interaction: Interaction): JsonObject {
  const { body } = canonicaliseInteraction(interaction).content
  if (!isJsonObject(body)) return {}
  return { body: Object.fromEntries(Object.entries(body).filter(([key]) => QUESTION.test(key))) }
}
