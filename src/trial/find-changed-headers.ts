import type { HttpInteraction, Interaction } from '../model/interaction.ts'
import type { Chance, Recording } from '../model/recording.ts'
import { canonicaliseInteraction } from '../replay/canonical-call.ts'
import { areSameHeaders } from '../replay/clean-headers.ts'
import { readCountingHeaders } from '../replay/counting-headers.ts'
import { shapeOf } from '../replay/renaming.ts'

/** The Node of a run that somebody else recorded: headers may be missing. */
export const UNKNOWN = 'unknown'

/** A header that a candidate adds, drops or changes. */
export interface ChangedHeader {
  /** The call of the candidate. */
  interaction: HttpInteraction
  /** In lower case. */
  name: string
  /** As it was recorded, and as the candidate sends it; undefined where it is not there. */
  was: string | undefined
  is: string | undefined
}

interface AskingReplay {
  interactions: readonly Interaction[]
  chance?: Chance | undefined
}

/**
 * The headers that a candidate alone sends otherwise: the unfixed agent sends what was recorded. Where it sends something else
 * itself, or the recording of somebody else does not hold the header, nothing is known to have changed. A value that
 * the candidate drew, or a time, is not another one.
 *
 * @param baseline What the unfixed agent asked.
 */
export function findChangedHeaders(
  { interactions, chance }: AskingReplay,
  baseline: readonly Interaction[],
  recording: Recording,
): ChangedHeader[] {
  const drawn = new Set(chance?.uuids)
  const sides = readSides(baseline, recording)
  return interactions.flatMap((interaction) => {
    if (interaction.kind !== 'http') return []
    const pairs = sides(interaction)
    if (pairs.length === 0) return []
    const is = readCountingHeaders(interaction.request.headers)
    const names = new Set([...is.keys(), ...pairs.flatMap(({ was, unfixed }) => [...was.keys(), ...unfixed.keys()])])
    return [...names].flatMap((name) => {
      const value = is.get(name)
      const isChanged = pairs.every(
        ({ was, unfixed }) => unfixed.get(name) === was.get(name) && !isSameValue(was.get(name), value, drawn),
      )
      return isChanged ? { interaction, name, was: pairs[0]?.was.get(name), is: value } : []
    })
  })
}

/** The headers of a recorded request, and those that the unfixed agent sends in its place. */
interface Sides {
  was: ReadonlyMap<string, string>
  unfixed: ReadonlyMap<string, string>
}

/**
 * Makes the function that gives what a call of a candidate is compared with: the recorded call that answered it; for one that was
 * answered by another recording, all calls of its target. None where nothing is known.
 */
function readSides(baseline: readonly Interaction[], recording: Recording): (asked: HttpInteraction) => Sides[] {
  const recorded = new Map(recording.interactions.map((one) => [one.id, one]))
  const asked = new Map(baseline.map((one) => [one.evidence?.source, one]))
  const isOfOthers = recording.runtime.node === UNKNOWN
  const pair = (one: Interaction): Sides[] => {
    const before = asked.get(one.id) ?? (isOfOthers ? undefined : one)
    if (one.kind !== 'http' || before?.kind !== 'http') return []
    const was = readCountingHeaders(one.request.headers)
    return [{ was, unfixed: before === one ? was : readCountingHeaders(before.request.headers) }]
  }
  return (interaction) => {
    const { grade, source } = interaction.evidence ?? {}
    const answering = recorded.get(source ?? '')
    if (answering?.kind === 'http') {
      return areSameHeaders(answering.request.headers, interaction.request.headers) ? [] : pair(answering)
    }
    if (grade !== 'pooled' && grade !== 'live') return []
    const { target } = canonicaliseInteraction(interaction)
    return recording.interactions.filter((one) => canonicaliseInteraction(one).target === target).flatMap(pair)
  }
}

/** Equal but for times, and for ids that the candidate drew. */
function isSameValue(was: string | undefined, is: string | undefined, drawn: ReadonlySet<string>): boolean {
  if (was === is) return true
  if (was === undefined || is === undefined) return false
  const [from, to] = [shapeOf(was), shapeOf(is)]
  return from.text === to.text && to.tokens.every(isMadeAnew)

  function isMadeAnew(token: { class: string; text: string }, i: number): boolean {
    const isClock = token.class === 'time' || token.class === 'epoch'
    return isClock || token.text === from?.tokens[i]?.text || drawn.has(token.text)
  }
}

/** Of some headers, those to which chance or the clock gives values that were never recorded. */
export function findFreeHeaders(
  names: readonly string[],
  elsewhere: readonly Interaction[],
  recording: Recording,
): string[] {
  const known = recording.interactions.flatMap((one) =>
    one.kind === 'http' ? readCountingHeaders(one.request.headers) : [],
  )
  const graded = elsewhere.filter(({ evidence }) => evidence?.grade !== 'none' && evidence?.grade !== 'stale')
  const asked = graded.flatMap((one) => (one.kind === 'http' ? readCountingHeaders(one.request.headers) : []))
  return names.filter((name) => {
    const values = new Set(known.map((headers) => headers.get(name)))
    return asked.some((headers) => !values.has(headers.get(name)))
  })
}
