import { GEN_AI } from '../../model/gen-ai.ts'
import type { Role, Trigger } from '../../model/incident.ts'
import type { Signals } from '../../model/signal.ts'
import { isNormalStop } from '../../model/stop-reason.ts'
import type { RunTrace, Span } from '../../model/trace.ts'
import { countTrigger } from '../../verify/roles/count-trigger.ts'
import { asText } from '../../verify/roles/match-span.ts'
import { toLiteralPattern } from './literal-pattern.ts'

/** A role read off a run, and the observation it rests on. */
export interface ProposedRole<T> {
  role: T
  observed: string
}

/** The roles that a run shows; null where it shows none and a person has to decide. */
export interface ProposedRoles {
  trigger: ProposedRole<Trigger> | null
  cause: ProposedRole<Role> | null
  symptom: ProposedRole<Role> | null
}

/** Reads the three roles off a run's spans and signals. They are pointers for a person to review, not findings. */
export function findRoles(trace: RunTrace, signals: Signals): ProposedRoles {
  const abnormal = findAbnormalCounts(signals)
  const cause = abnormal[0] ?? null
  return {
    trigger: findErrorTrigger(trace, signals, cause?.role) ?? findRepeatTrigger(trace, signals),
    cause,
    symptom: findSymptom(trace, signals, abnormal),
  }
}

type CountMatch = Extract<Role, { signal: string; at_least: number }>

/** Signals that count one thing done over and over: a fix makes the trigger occur less often, too. */
const REPETITIONS: readonly string[] = ['repeated_same_result', 'repeated_tool_calls', 'retries', 'loop_length']

/** A single repeat may be sound; the second is what an incident is made of. */
const TOLERATED = 2

/** Count signals that are above normal, the strongest first. */
function findAbnormalCounts(signals: Signals): ProposedRole<CountMatch>[] {
  const found: ProposedRole<CountMatch>[] = []
  const repeated = (['repeated_same_result', 'repeated_tool_calls'] as const).find((name) => largest(signals[name]))
  const repeat = repeated && largest(signals[repeated])
  if (repeated && repeat) {
    const [tool, count] = repeat
    found.push(role({ signal: repeated, tool, at_least: Math.min(count, TOLERATED) }, `${repeated}.${tool} = ${count}`))
  }
  const retry = largest(signals.retries)
  if (retry) {
    const [of, count] = retry
    found.push(role({ signal: 'retries', of, at_least: Math.min(count, TOLERATED) }, `retries.${of} = ${count}`))
  }
  for (const signal of ['loop_length', 'malformed_tool_arguments', 'truncated_answers', 'unknown_tools'] as const) {
    if (signals[signal] > 0) found.push(role({ signal, at_least: 1 }, `${signal} = ${signals[signal]}`))
  }
  return found
}

/** The entry with the largest count above zero; the first by name among equals. */
function largest(counts: Record<string, number>): [name: string, count: number] | undefined {
  const entries = Object.entries(counts).filter(([, count]) => count > 0)
  return entries.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]
}

function role<T>(value: T, observed: string): ProposedRole<T> {
  return { role: value, observed }
}

/** `step_type:name`; without the name where a selector cannot hold it. */
function selectorOf(span: Span): string {
  return /^.+$/.test(span.name) ? `${span.step_type}:${span.name}` : span.step_type
}

function findErrorTrigger(trace: RunTrace, signals: Signals, cause?: Role): ProposedRole<Trigger> | null {
  const span = signals.first_error_span
  if (span === null) return null
  const trigger: Trigger = { span: selectorOf(span), error_class: span.error_class ?? 'any', at_least: 1 }
  const count = Math.max(1, countTrigger(trigger, trace.spans))
  // What the agent repeats because of its mistake, a fixed agent does not: asking for the full count would make
  // every good fix look as if it had never met the trigger.
  const atLeast = isRepetitionOf(cause, span.name) ? 1 : count
  return role({ ...trigger, at_least: atLeast }, `${trigger.span} ${trigger.error_class} ×${count}`)
}

function isRepetitionOf(cause: Role | undefined, name: string): boolean {
  if (!cause || !('signal' in cause && 'at_least' in cause) || !REPETITIONS.includes(cause.signal)) return false
  const what = cause.tool ?? cause.of
  return what === undefined || what === name
}

function findRepeatTrigger(trace: RunTrace, signals: Signals): ProposedRole<Trigger> | null {
  const tool = largest(signals.repeated_same_result)?.[0]
  const texts = new Map<string, number>()
  for (const span of trace.spans) {
    const result = span.attributes[GEN_AI.toolResult]
    if (span.step_type !== 'tool_call' || span.name !== tool || result === undefined || result === null) continue
    texts.set(asText(result), (texts.get(asText(result)) ?? 0) + 1)
  }
  const repeated = largest(Object.fromEntries(texts))
  if (!repeated || repeated[1] < 2 || !/^.+$/.test(tool ?? '')) return null
  const matches = toLiteralPattern(repeated[0])
  const observed = `tool_call:${tool} gave the same result ×${repeated[1]}`
  return role({ span: `tool_call:${tool}`, result: { matches }, at_least: 1 }, observed)
}

/**
 * The first error span is never proposed as the symptom: it is the trigger, and a symptom that is there whenever the
 * trigger is met could never go away.
 */
function findSymptom(
  trace: RunTrace,
  signals: Signals,
  abnormal: ProposedRole<CountMatch>[],
): ProposedRole<Role> | null {
  // A recording that does not say how its run ended holds no end that a replay could have.
  if (trace.stop_reason !== '' && trace.stop_reason !== 'unknown' && !isNormalStop(trace.stop_reason)) {
    return role({ signal: 'stop_reason', is: trace.stop_reason }, `stop_reason = ${trace.stop_reason}`)
  }
  const isRepetition = (found: ProposedRole<CountMatch> | undefined): boolean =>
    found !== undefined && REPETITIONS.includes(found.role.signal)
  const [cause, ...others] = abnormal
  // Another way to count the same repeats would be the cause once more.
  const other = others.find((found) => !isRepetition(found))
  if (other || !isRepetition(cause)) return other ?? null
  return role({ signal: 'steps', at_least: signals.steps }, `steps = ${signals.steps}, and the run ended normally`)
}
