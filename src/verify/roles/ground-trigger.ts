import { GEN_AI } from '../../model/gen-ai.ts'
import type { Trigger } from '../../model/incident.ts'
import type { Interaction } from '../../model/interaction.ts'
import type { Span } from '../../model/trace.ts'
import { SOURCED, supports } from '../grade-evidence.ts'
import { showsTrigger } from './count-trigger.ts'
import { isFailed } from './find-trigger-calls.ts'

/** What the trigger of a recorded run rests on, beside what the agent told the model of its tools. */
export interface TriggerGround {
  /** Ids of the recorded calls that make it up, with what went on within them; none where nobody but the agent tells of it. */
  calls: ReadonlySet<string>
  /** What those calls ask, without what they ask for: `GET https://host/path`, `tool search_docs`. */
  asked: ReadonlySet<string>
  /** Wrapped tools among them that asked nothing of the world. */
  local: ReadonlySet<string>
  /** How many of its spans rest on no call. */
  told: number
}

/**
 * Reads off a recorded run which calls its trigger rests on: those that failed of each span that shows it, else all that the span made.
 * A tool that is only seen in what the model was told has made what was asked between the model's asking and the telling, as
 * far as it is nobody else's. Model calls and requests are calls themselves, so that a trigger on them needs no ground.
 */
export function groundTrigger(
  trigger: Trigger,
  spans: readonly Span[],
  interactions: readonly Interaction[],
): TriggerGround {
  const run = readCalls(spans, interactions)
  const calls = new Set<string>()
  const asked = new Set<string>()
  const local = new Set<string>()
  let told = 0
  for (const span of spans.filter((one) => isTool(one) && showsTrigger(trigger, one))) {
    const own = run.callsOf(span)
    if (own.length === 0) told += 1
    const failed = own.filter(isFailed)
    for (const one of failed.length > 0 ? failed : own) {
      const within = run.within(one)
      for (const each of [one, ...within]) {
        calls.add(each.id)
        asked.add(questionOf(each))
      }
      if (one.kind === 'tool' && within.length === 0) local.add(one.name)
    }
  }
  return { calls, asked, local, told }
}

/**
 * The spans of a replay that show the trigger in what the agent told the model alone, though the recorded ones rest on calls: their
 * ids. Such a span is the agent's word, and no act of the world. A recorded run of both kinds allows as many as it had itself, once
 * one rests on a call.
 */
export function findToldSpans(
  trigger: Trigger,
  ground: TriggerGround,
  spans: readonly Span[],
  interactions: readonly Interaction[],
): string[] {
  if (ground.calls.size === 0) return []
  const run = readCalls(spans, interactions)
  const shown = spans.filter((span) => isTool(span) && showsTrigger(trigger, span))
  const isServed = (one: Interaction): boolean =>
    rests(one, ground) || run.within(one).some((each) => rests(each, ground))
  const told = shown.filter((span) => !run.callsOf(span).some(isServed))
  return told.slice(told.length < shown.length ? ground.told : 0).map(({ span_id }) => span_id)
}

/** Whether a call of a replay was answered as one of those that make up the trigger. */
function rests(one: Interaction, { calls, asked, local }: TriggerGround): boolean {
  const { evidence } = one
  if (evidence === undefined) return one.kind === 'tool' && one.ran === true && local.has(one.name)
  if (!supports(evidence.grade, 'live')) return false
  return SOURCED.includes(evidence.grade) ? calls.has(evidence.source ?? '') : asked.has(questionOf(one))
}

function questionOf(one: Interaction): string {
  return one.kind === 'http'
    ? `${one.request.method} ${one.request.url.replace(/[?#].*$/, '')}`
    : `${one.kind} ${one.name}`
}

interface Calls {
  /** The calls that a tool made, outermost first. */
  callsOf(span: Span): Interaction[]
  /** What was called within a call, at any depth. */
  within(call: Interaction): Interaction[]
}

function readCalls(spans: readonly Span[], interactions: readonly Interaction[]): Calls {
  const ordered = interactions.toSorted((a, b) => a.started_ms - b.started_ms)
  const known = new Map(ordered.map((one) => [one.id, one]))
  const models = new Set(spans.filter(({ step_type }) => step_type === 'llm_generate').flatMap(idsOf))
  // What was told to the model names the tool that it is of by an id.
  const taken = new Set(spans.filter((span) => isTool(span) && GEN_AI.toolCallId in span.attributes).flatMap(idsOf))
  const children = Map.groupBy(ordered, ({ parent }) => parent)
  const within = ({ id }: Interaction): Interaction[] =>
    (children.get(id) ?? []).flatMap((child) => [child, ...within(child)])
  const callsOf = ({ interactions: ids }: Span): Interaction[] => {
    const own = ids.flatMap((id) => (models.has(id) ? [] : (known.get(id) ?? [])))
    if (own.length > 0) return own
    const [from, to] = [ids[0], ids.at(-1)].map((id) => ordered.findIndex((one) => one.id === id))
    if (from === undefined || to === undefined || from === -1) return []
    const between = ordered.slice(from + 1, Math.max(from, to))
    return between.filter(({ id, parent }) => parent === undefined && !models.has(id) && !taken.has(id))
  }
  return { callsOf, within }
}

function isTool({ step_type }: Span): boolean {
  return step_type === 'tool_call'
}

function idsOf({ interactions }: Span): string[] {
  return interactions
}
