import { canonicalJson } from '../../core/canonical-json.ts'
import { GEN_AI, OTEL } from '../../model/gen-ai.ts'
import { callsOf, errorOfResult, type Message, resultsOf, type ToolCall, type ToolResult } from './message.ts'
import { asText } from './read-span.ts'
import type { Step } from './step.ts'

/**
 * The tool calls that a trace of model calls alone shows: asked for by an answer, told in a later request. Each lies between the two.
 * The steps come back as they are where the trace has tool calls of its own.
 *
 * @param afterwards What was said after the last request.
 */
export function recoverTools(
  steps: readonly Step[],
  afterwards: readonly Message[] = [],
): { steps: Step[]; recovered: number } {
  if (steps.some(({ kind }) => kind === 'tool')) return { steps: [...steps], recovered: 0 }
  const all: Step[] = []
  let recovered = 0
  for (const [index, step] of steps.entries()) {
    all.push(step)
    const calls = step.kind === 'llm' ? (step.output?.flatMap(callsOf) ?? []) : []
    const taken = new Set<ToolResult>()
    for (const [nth, call] of calls.entries()) {
      const find = (messages: readonly Message[] | undefined) => findResult(messages ?? [], call, calls, taken)
      const carrier = steps.slice(index + 1).find((later) => find(later.input) !== undefined)
      const result = find(carrier?.input ?? afterwards)
      if (result === undefined) continue
      recovered++
      taken.add(result)
      const error = errorOfResult(result)
      all.push({
        id: `${step.id}.${nth + 1}`,
        parent: step.parent,
        kind: 'tool',
        name: call.name,
        started_ms: step.ended_ms,
        ended_ms: carrier === undefined ? step.ended_ms : carrier.started_ms,
        error,
        attributes: {
          [GEN_AI.operation]: 'execute_tool',
          [GEN_AI.toolName]: call.name,
          [GEN_AI.toolCallId]: call.id ?? undefined,
          [GEN_AI.toolArguments]: asText(call.arguments),
          [GEN_AI.toolResult]: asText(result.response),
          [OTEL.errorMessage]: error?.message,
        },
      })
    }
  }
  return { steps: all, recovered }
}

/** By the id of the call; where it has none, by name and order behind the message that asks for the same calls. */
function findResult(
  messages: readonly Message[],
  { id, name }: ToolCall,
  asked: readonly ToolCall[],
  taken: ReadonlySet<ToolResult>,
): ToolResult | undefined {
  if (id !== null) return messages.flatMap(resultsOf).find((result) => result.id === id)
  const place = messages.findLastIndex((message) => isSame(callsOf(message), asked))
  const behind = place === -1 ? [] : messages.slice(place + 1).flatMap(resultsOf)
  const loose = behind.filter((result) => result.id === null && !taken.has(result))
  return loose.find((result) => result.name === name) ?? loose.find((result) => result.name === undefined)
}

function isSame(a: readonly ToolCall[], b: readonly ToolCall[]): boolean {
  const told = (calls: readonly ToolCall[]) => canonicalJson(calls.map((call) => [call.name, call.arguments]))
  return a.length === b.length && told(a) === told(b)
}
