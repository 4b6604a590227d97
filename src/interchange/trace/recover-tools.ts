import { GEN_AI, OTEL } from '../../model/gen-ai.ts'
import { callsOf, errorOfResult, type Message, resultsOf } from './message.ts'
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
    for (const [nth, call] of calls.entries()) {
      const carrier = steps.slice(index + 1).find((later) => findResult(later.input, call.id) !== undefined)
      const result = findResult(carrier?.input ?? afterwards, call.id)
      if (result === undefined) continue
      recovered++
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

function findResult(messages: readonly Message[] | undefined, id: string | null) {
  return id === null ? undefined : messages?.flatMap(resultsOf).find((result) => result.id === id)
}
