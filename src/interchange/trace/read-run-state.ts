import type { JsonObject } from '../../core/json.ts'
import { GEN_AI } from '../../model/gen-ai.ts'
import type { SpanGroup } from './import-spans.ts'
import { type Message, objectAt, objectsAt, text as textAt } from './message.ts'
import { readMessages } from './read-messages.ts'
import { recoverTools } from './recover-tools.ts'
import type { Step } from './step.ts'

/**
 * The steps of a serialised run state of the OpenAI Agents SDK: its model responses in order, each asked with all that was said
 * before, and the tool calls between them. It tells no times.
 */
export function readRunState(state: JsonObject, source_id: string): SpanGroup {
  const results = objectsAt(state, 'generatedItems').flatMap((item) => {
    const raw = objectAt(item, 'rawItem') ?? {}
    return raw.type === 'function_call_result' ? readMessages([raw], 'user').messages : []
  })
  const history: Message[] = readMessages(state.originalInput, 'user').messages
  const steps: Step[] = []
  for (const [index, response] of objectsAt(state, 'modelResponses').entries()) {
    const output = readMessages(response.output, 'assistant').messages
    const usage = objectAt(response, 'usage') ?? {}
    steps.push({
      id: `r${index + 1}`,
      parent: null,
      kind: 'llm',
      name: textAt(objectAt(state, 'currentAgent') ?? {}, 'name') ?? 'unknown model',
      started_ms: null,
      ended_ms: null,
      error: null,
      input: [...history],
      output,
      attributes: {
        [GEN_AI.operation]: 'chat',
        [GEN_AI.provider]: 'openai',
        [GEN_AI.responseId]: textAt(response, 'responseId'),
        [GEN_AI.inputTokens]: typeof usage.inputTokens === 'number' ? usage.inputTokens : undefined,
        [GEN_AI.outputTokens]: typeof usage.outputTokens === 'number' ? usage.outputTokens : undefined,
      },
    })
    const asked = new Set(
      output.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'tool_call' ? [part.id] : []))),
    )
    history.push(...output, ...results.filter(({ parts }) => parts.some((part) => 'id' in part && asked.has(part.id))))
  }
  const { steps: all } = recoverTools(steps, history)
  const { stop_reason, output } = endOf(state)
  return {
    source_id,
    spans: all,
    about: {
      agent: textAt(objectAt(state, 'currentAgent') ?? {}, 'name'),
      input: state.originalInput,
      ...(stop_reason === undefined ? { finished: false } : { stop_reason, output }),
      unknown: ['which models answered (model calls bear the name of the agent)'],
    },
  }
}

/** A state that is neither at its end nor at an interruption is one in the middle. */
function endOf(state: JsonObject): { stop_reason?: string; output?: JsonObject[string] } {
  const step = objectAt(state, 'currentStep')
  if (step?.type === 'next_step_final_output') return { stop_reason: 'completed', output: step.output ?? null }
  return step?.type === 'next_step_interruption' ? { stop_reason: 'interrupted', output: null } : {}
}
