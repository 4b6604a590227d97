import { canonicalJson } from '../core/canonical-json.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { HttpInteraction, Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import type { Divergence } from '../model/verdict.ts'
import { canonicaliseInteraction } from '../replay/canonical-call.ts'
import { classifyDifference, describeDifference } from '../replay/describe-difference.ts'
import { shapeOf } from '../replay/renaming.ts'
import { summariseRequest } from '../trace/summarise-request.ts'

/** The fields of a request that are the question to a model, whatever its protocol. All others say how it is to answer. */
const QUESTION =
  /^(model|modelId|model_id|messages?|system|prompt|input|inputText|inputs|instructions|contents?|preamble|documents|chat_?history|conversation|previous_response_id|query|texts?|tools?|functions?|system_?instruction|tool_?(choice|config))$/i

/** What a replay left, as far as it is doubted here. */
export interface DoubtedReplay {
  interactions: Interaction[]
  divergences: Divergence[]
}

/**
 * Takes the worth from answers that were found by ignoring a volatile field in which the candidate asks a model something
 * else. A field is volatile when it changes from run to run of one agent; what only a candidate changes is a change of
 * the question, and the recorded answer was given to another one: it becomes `stale`, with the divergence that says so.
 *
 * @param baseline What the replay of the unfixed agent asked.
 */
export function doubtChangedQuestions(
  interactions: Interaction[],
  baseline: readonly Interaction[],
  recording: Recording,
): DoubtedReplay {
  const asked = new Map(baseline.map((interaction) => [interaction.evidence?.source, interaction]))
  const divergences: Divergence[] = []
  const doubted = interactions.map((interaction, index) => {
    const { evidence } = interaction
    if (interaction.kind !== 'http' || evidence?.grade !== 'ignored' || evidence.source === null) return interaction
    const position = recording.interactions.findIndex(({ id }) => id === evidence.source)
    const recorded = recording.interactions[position]
    const before = [recorded, asked.get(evidence.source)].filter((one) => one !== undefined)
    if (recorded === undefined || before.some((one) => isSameQuestion(one, interaction))) return interaction
    const divergence = describeChange(interaction, before.at(-1) ?? recorded, index + 1)
    const nearest = { interaction: recorded.id, step: position + 1, used: true }
    divergences.push({ ...divergence, nearest })
    const note = `${divergence.kind}: a volatile field holds another question than that of the unfixed agent`
    return { ...interaction, evidence: { grade: 'stale' as const, source: evidence.source, note } }
  })
  return { interactions: doubted, divergences }
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

function describeChange(interaction: HttpInteraction, before: Interaction, step: number): Omit<Divergence, 'nearest'> {
  const [was, is] = [questionOf(before), questionOf(interaction)]
  const difference = describeDifference(was, is)
  return {
    step,
    interaction: interaction.id,
    request: canonicaliseInteraction(interaction).target,
    summary: summariseRequest(interaction),
    grade: 'stale',
    difference,
    kind: classifyDifference(difference, was, is),
    remedies: [
      'The recorded answer was given to another question: it proves nothing about this one, even where `replay.volatile` ignores the field.',
      'Record the incident again with this candidate, and name that recording as the evidence.',
    ],
  }
}
