import { canonicalJson } from '../core/canonical-json.ts'
import { sha256 } from '../core/hash.ts'
import type { RunContext } from '../model/run.ts'
import type { LogEvent } from '../model/trace.ts'
import type { ModelCall } from './model-call.ts'
import type { ReadLevel } from './read-levels.ts'
import { canonicalArguments } from './tools/arguments.ts'
import type { ToolOutcome } from './tools/tool-outcome.ts'
import type { ToolUse, Wrapper } from './tools/tool-use.ts'

/** Events that belong together, in causal order, with the place of the first among the interactions. */
interface Unit {
  started_ms: number
  position: number
  events: LogEvent[]
}

/**
 * Builds the log events of all levels in causal order: a model call, its tool calls, their results, the next model call.
 * Sorted by time they keep that order where times are equal, as they often are in a replay.
 */
export function buildEvents(
  levels: readonly ReadLevel[],
  outcomes: ReadonlyMap<ToolUse, ToolOutcome>,
  run: RunContext,
): LogEvent[] {
  const asked = readAskedArguments(levels)
  const units = levels.flatMap((level) => levelUnits(level, outcomes, run, asked))
  units.sort((a, b) => a.started_ms - b.started_ms || a.position - b.position)
  let step = 0
  const events = units.flatMap((unit) => unit.events)
  for (const event of events) if (event.event === 'agent_step') event.step = ++step
  return events
}

/**
 * What the model gave as arguments where it asked for a wrapped function, by what that function took. One that is called again within the
 * same call of the model, or by the agent itself, is the same call again, though nobody asked for it.
 */
function readAskedArguments(levels: readonly ReadLevel[]): Map<string, string> {
  const asked = new Map<string, string>()
  for (const use of levels.flatMap(({ uses }) => uses)) {
    if (use.asked === null || use.wrapper === null) continue
    const key = keyOf(use.wrapper)
    if (!asked.has(key)) asked.set(key, canonicalArguments(use.asked.call.arguments))
  }
  return asked
}

function keyOf({ interaction: { name, args } }: Wrapper): string {
  return `${name}\n${canonicalJson(args)}`
}

function levelUnits(
  level: ReadLevel,
  outcomes: ReadonlyMap<ToolUse, ToolOutcome>,
  run: RunContext,
  asked: ReadonlyMap<string, string>,
): Unit[] {
  // Where an event belongs to the inside of a wrapped function, which a replay does not run, it says so.
  const base = { run_id: run.run_id, ...(level.parent === null ? {} : { within: level.parent }) }
  const toolEvents = (uses: readonly ToolUse[]) => {
    const known = uses.flatMap((use) => {
      const outcome = outcomes.get(use)
      return outcome === undefined ? [] : [{ ...base, use, outcome }]
    })
    return [...known.map((tool) => calledEvent(tool, run, asked)), ...known.flatMap((tool) => resultEvent(tool, run))]
  }
  const units: Unit[] = level.calls.map((call) => ({
    started_ms: call.started_ms,
    position: call.first,
    events: [
      ...(level.withinModel ? [] : modelEvents(call, base, run)),
      ...toolEvents(level.uses.filter(({ asked }) => asked?.by === call)),
    ],
  }))
  for (const use of level.uses) {
    if (use.asked !== null || use.wrapper === null) continue
    const { interaction, position } = use.wrapper
    units.push({ started_ms: interaction.started_ms, position, events: toolEvents([use]) })
  }
  return units
}

type Base = Pick<LogEvent, 'run_id'> & { within?: string }

function modelEvents(call: ModelCall, base: Base, run: RunContext): LogEvent[] {
  const { name: model, answer, error_class, started_ms, ended_ms } = call
  const step: LogEvent = { event: 'agent_step', ...base, at_ms: run.started_at + started_ms, step: 0, model }
  if (error_class === 'unfinished') return [step]
  const result: LogEvent = {
    event: 'llm_result',
    ...base,
    at_ms: run.started_at + ended_ms,
    model,
    status: error_class === null ? 'ok' : 'error',
    error_class,
    finish_reason: answer?.finish_reason ?? null,
    input_tokens: answer?.usage?.input_tokens ?? null,
    output_tokens: answer?.usage?.output_tokens ?? null,
  }
  return [step, result]
}

type Tool = Base & { use: ToolUse; outcome: ToolOutcome }

function calledEvent({ use, outcome, ...base }: Tool, run: RunContext, known: ReadonlyMap<string, string>): LogEvent {
  const { asked, wrapper } = use
  const taken = wrapper === null ? 'null' : (known.get(keyOf(wrapper)) ?? canonicalJson(wrapper.interaction.args))
  const args = asked === null ? taken : canonicalArguments(asked.call.arguments)
  return {
    event: 'tool_call',
    ...base,
    at_ms: run.started_at + outcome.started_ms,
    ...nameTool(use),
    args_hash: sha256(args),
  }
}

function resultEvent({ use, outcome, ...base }: Tool, run: RunContext): LogEvent[] {
  if (!outcome.settled) return []
  const { ended_ms, error_class, result_hash } = outcome
  const at_ms = run.started_at + ended_ms
  const status = error_class === null ? 'ok' : 'error'
  return [{ event: 'tool_result', ...base, at_ms, ...nameTool(use), result_hash, status, error_class }]
}

function nameTool({ asked, wrapper }: ToolUse): { tool: string; call_id?: string } {
  const tool = asked?.call.name ?? wrapper?.interaction.name ?? ''
  const id = asked?.call.id ?? null
  return id === null ? { tool } : { tool, call_id: id }
}
