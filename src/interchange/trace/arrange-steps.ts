import type { JsonValue } from '../../core/json.ts'
import { GEN_AI, OTEL } from '../../model/gen-ai.ts'
import { callsOf, errorOfResult, resultsOf, type ToolResult } from './message.ts'
import { asText } from './read-span.ts'
import type { Step } from './step.ts'

/** The steps of a run in order, and what was left out of them. */
export interface ArrangedSteps {
  steps: Step[]
  /** Spans that stand for no step of the agent: HTTP, DNS, frameworks. */
  left_out: number
  left_out_errors: number
  agents: Step[]
}

/**
 * Makes steps of the spans of a trace: one step for a model call that several libraries wrote a span for, agents and frameworks
 * left out, parents set to the next step around, tool calls completed by what the model asked for and was told.
 */
export function arrangeSteps(spans: readonly Step[]): ArrangedSteps {
  const byId = new Map(spans.map((span) => [span.id, span]))
  const around = new Map<string, Step[]>()
  for (const span of spans.filter(isAsked)) {
    for (const outer of ancestors(span, byId)) if (outer.kind === span.kind) push(around, outer.id, span)
  }
  const hasSteps = spans.some((span) => isAsked(span) || span.kind === 'tool')
  const isStep = (span: Step) =>
    (isAsked(span) && !around.has(span.id)) ||
    span.kind === 'tool' ||
    span.kind === 'thought' ||
    (span.kind === 'http' && !hasSteps)
  const kept = spans.filter(isStep).map((span) => complete(span, byId, around))
  const ids = new Set(kept.map(({ id }) => id))
  const steps = kept.map((span) => placeUnder(span, byId, ids)).sort(byStart)
  const others = spans.filter((span) => !isStep(span) && span.kind !== 'agent' && !isAsked(span))
  return {
    steps: pairTools(steps),
    left_out: others.length,
    left_out_errors: others.filter(({ error }) => error !== null).length,
    agents: spans.filter(({ kind }) => kind === 'agent').sort(byStart),
  }
}

/** What a provider of models is asked. */
function isAsked({ kind }: Step): boolean {
  return kind === 'llm' || kind === 'embedding'
}

function byStart(a: Step, b: Step): number {
  return (a.started_ms ?? 0) - (b.started_ms ?? 0)
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

/** The spans around a span, innermost first; a circle of parents ends the walk. */
export function ancestors(span: Step, byId: ReadonlyMap<string, Step>): Step[] {
  const found: Step[] = []
  const seen = new Set([span.id])
  for (let next = parentOf(span, byId); next !== undefined && !seen.has(next.id); next = parentOf(next, byId)) {
    seen.add(next.id)
    found.push(next)
  }
  return found
}

function parentOf(span: Step, byId: ReadonlyMap<string, Step>): Step | undefined {
  return span.parent === null ? undefined : byId.get(span.parent)
}

/** A model call with what only the span of another library around it tells. */
function complete(span: Step, byId: ReadonlyMap<string, Step>, around: ReadonlyMap<string, Step[]>): Step {
  if (!isAsked(span)) return span
  let whole = span
  for (const outer of ancestors(span, byId)) {
    // A span around several model calls is about all of them.
    if (outer.kind !== span.kind || around.get(outer.id)?.length !== 1) continue
    whole = {
      ...whole,
      error: whole.error ?? outer.error,
      input: whole.input ?? outer.input,
      output: whole.output ?? outer.output,
      attributes: { ...defined(outer.attributes), ...defined(whole.attributes) },
    }
  }
  return whole
}

function defined(attributes: Step['attributes']): Step['attributes'] {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}

/** Sets the parent to the next tool around, and the agent to the next agent around. */
function placeUnder(span: Step, byId: ReadonlyMap<string, Step>, steps: ReadonlySet<string>): Step {
  const outer = ancestors(span, byId)
  // Nothing that an agent does is within a model call, whatever a tracer's nesting says.
  const parent = outer.find(({ id, kind }) => steps.has(id) && kind === 'tool')?.id ?? null
  const agent = outer.map(({ attributes }) => attributes[GEN_AI.agentName]).find((name) => name !== undefined)
  const attributes = { ...span.attributes, [GEN_AI.agentName]: span.attributes[GEN_AI.agentName] ?? agent }
  return { ...span, parent, attributes }
}

/** Gives tool calls the arguments that a model asked with and the result that a model was told, by the id of the call. */
function pairTools(steps: readonly Step[]): Step[] {
  const asked = new Map<string, JsonValue>()
  const told = new Map<string, ToolResult>()
  for (const { output, input } of steps) {
    for (const call of output?.flatMap(callsOf) ?? []) if (call.id !== null) asked.set(call.id, call.arguments)
    for (const result of input?.flatMap(resultsOf) ?? []) if (result.id !== null) told.set(result.id, result)
  }
  return steps.map((step) => {
    const id = step.attributes[GEN_AI.toolCallId]
    if (step.kind !== 'tool' || typeof id !== 'string') return step
    const { [GEN_AI.toolArguments]: args, [GEN_AI.toolResult]: result } = step.attributes
    const [known, answer] = [asked.get(id), told.get(id)]
    const failed = step.error === null && answer !== undefined ? errorOfResult(answer) : null
    return {
      ...step,
      error: step.error ?? failed,
      attributes: {
        ...step.attributes,
        [GEN_AI.toolArguments]: args ?? (known === undefined ? undefined : asText(known)),
        [GEN_AI.toolResult]: result ?? (answer === undefined ? undefined : asText(answer.response)),
        ...(failed !== null && { [OTEL.errorMessage]: failed.message }),
      },
    }
  })
}
