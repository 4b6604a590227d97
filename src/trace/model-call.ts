import type { FunctionInteraction, HttpInteraction, Interaction } from '../model/interaction.ts'
import { MALFORMED } from '../providers/model-error.ts'
import type { AskedToolCall, ModelAnswer } from '../providers/protocol.ts'
import { type IdentifiedRequest, readModelFunction } from '../providers/registry.ts'
import { classifyError, classifyHttp, classifyModelError, type ErrorClass } from './classify-error.ts'
import { type Attempt, endOfGroup, groupAttempts } from './group-attempts.ts'
import { endOf, momentOf, type Timeline } from './timeline.ts'

/** One call of a model, with all its attempts. Times are offsets from the start of the run, ms. */
export interface ModelCall {
  id: string
  /** The interactions of its attempts, in order. */
  attempts: Interaction[]
  /** Places of the first and of the last attempt among the interactions of the run. */
  first: number
  last: number
  name: string
  /** Null when the call is of no known protocol. */
  identified: IdentifiedRequest | null
  /** What the last attempt answered; null when nothing came. */
  answer: ModelAnswer | null
  started_ms: number
  ended_ms: number
  error_class: ErrorClass | null
  /** Of all attempts but the last. */
  attempt_errors: ErrorClass[]
}

/** One request to a model, with the answer to this attempt. */
export interface ModelAttempt extends Attempt {
  identified: IdentifiedRequest
  answer: ModelAnswer | null
}

/** Reads one request to a model and its answer. */
export function readModelAttempt(
  interaction: HttpInteraction,
  identified: IdentifiedRequest,
  position: number,
  timeline: Timeline,
): ModelAttempt {
  // Of an answer that came and was not kept, nothing is known, and not that it failed.
  const isUnknown = timeline.bodiless.has(interaction.id) && (interaction.answer?.status ?? 0) < 400
  const answer = interaction.answer === null || isUnknown ? null : identified.protocol.readAnswer(interaction.answer)
  const error_class = isUnknown ? null : classifyModelHttp(interaction, answer, timeline.finished)
  return { interaction, identified, position, answer, error_class, ended_ms: endOf(interaction, timeline) }
}

function classifyModelHttp(
  interaction: HttpInteraction,
  answer: ModelAnswer | null,
  runFinished: boolean,
): ErrorClass | null {
  const status = interaction.answer?.status ?? 0
  // A client may stop reading once the protocol says that the answer is over; that is no abort.
  if (answer?.complete === true && answer.error === null) return null
  const byHttp = classifyHttp(interaction, runFinished)
  // Some clients stop reading at an error within a stream; sooner or later than its end, as it happens.
  const isTold = byHttp === 'aborted' && answer?.error?.type !== MALFORMED
  if (answer?.error && (status >= 400 || byHttp === null || isTold)) return classifyModelError(answer.error, status)
  if (byHttp !== null) return byHttp
  return interaction.end === null ? 'unfinished' : 'connection'
}

/** Puts the attempts of each model call together. */
export function readModelCalls(attempts: readonly ModelAttempt[]): ModelCall[] {
  return groupAttempts(attempts).flatMap((group) => {
    const [first, last] = [group[0], group.at(-1)]
    if (first === undefined || last === undefined) return []
    const { identified, answer, error_class } = last
    return {
      id: first.interaction.id,
      attempts: group.map((attempt) => attempt.interaction),
      first: first.position,
      last: last.position,
      name: identified.request.model ?? answer?.model ?? identified.protocol.id,
      identified,
      answer,
      started_ms: first.interaction.started_ms,
      ended_ms: endOfGroup(group),
      error_class,
      attempt_errors: group.slice(0, -1).flatMap((attempt) => attempt.error_class ?? []),
    }
  })
}

/**
 * Reads a call of a wrapped model function. Its meaning is known when the function takes and returns bodies of a known
 * protocol. The requests that it makes within are not consulted: a replay does not make them.
 */
export function readWrappedModel(interaction: FunctionInteraction, position: number, timeline: Timeline): ModelCall {
  const { id, name, args, value, end, started_ms } = interaction
  const found = value === undefined ? null : readModelFunction(args, value)
  const failure = end === null ? 'unfinished' : end.kind === 'complete' ? null : 'server_error'
  const byError = end?.error === undefined ? null : classifyError(end.error)
  const byAnswer = found?.answer.error ? classifyModelError(found.answer.error, 0) : null
  return {
    id,
    attempts: [interaction],
    first: position,
    last: position,
    name,
    identified: found,
    answer: found?.answer ?? null,
    started_ms,
    ended_ms: endOf(interaction, timeline),
    error_class: failure === null ? byAnswer : (byError ?? failure),
    attempt_errors: [],
  }
}

/** When the agent could first know of a tool call that an answer asks for: offset from the start of the run, ms. */
export function knownAt(call: ModelCall, asked: AskedToolCall): number {
  const last = call.attempts.at(-1)
  return last?.kind === 'http' ? momentOf(last, asked.at_ms) : call.ended_ms
}
