import type { JsonObject } from '../../core/json.ts'
import { text } from './message.ts'
import type { RawSpan } from './raw-span.ts'
import { answerOf } from './span-messages.ts'
import type { Step } from './step.ts'

const OPENINFERENCE: Record<string, Step['kind']> = {
  LLM: 'llm',
  EMBEDDING: 'embedding',
  TOOL: 'tool',
  RETRIEVER: 'tool',
  AGENT: 'agent',
  CHAIN: 'agent',
}

const OPERATIONS: [RegExp, Step['kind']][] = [
  [/^(?:chat|generate_content|text_completion)$/, 'llm'],
  [/^embeddings$/, 'embedding'],
  [/^(?:execute_tool|retrieval)$/, 'tool'],
  [/^(?:invoke_agent|invoke_workflow|create_agent|chain|plan)$/, 'agent'],
]

const TRACELOOP: Record<string, Step['kind']> = { tool: 'tool', agent: 'agent', workflow: 'agent', task: 'agent' }
const LANGSMITH: Record<string, Step['kind']> = { llm: 'llm', tool: 'tool', chain: 'agent' }

/** What kind of step a span is; `other` when no convention says that it is one. */
export function kindOf(raw: RawSpan): Step['kind'] {
  const { attributes } = raw
  // The OpenAI Agents SDK hands over by a tool, but no tool runs.
  if (/^handoff to /.test(raw.name)) return 'thought'
  return byName(attributes) ?? bySdk(attributes) ?? byContent(raw) ?? 'other'
}

/** By an attribute that is there to say it. */
function byName(from: JsonObject): Step['kind'] | undefined {
  const openInference = text(from, 'openinference.span.kind')
  if (openInference !== undefined) return OPENINFERENCE[openInference.toUpperCase()] ?? 'other'
  const operation = text(from, 'gen_ai.operation.name')
  const named = operation === undefined ? undefined : OPERATIONS.find(([pattern]) => pattern.test(operation))
  if (named !== undefined) return named[1]
  const traceloop = text(from, 'traceloop.span.kind')
  if (traceloop !== undefined) return TRACELOOP[traceloop]
  const langsmith = text(from, 'langsmith.span.kind')
  return langsmith === undefined ? undefined : LANGSMITH[langsmith]
}

/** By what one SDK alone writes. */
function bySdk(from: JsonObject): Step['kind'] | undefined {
  const operation = text(from, 'ai.operationId')
  if (operation !== undefined) {
    // Of `ai.generateText` and the call within it, the inner one counts; where it is missing, the outer one is all there is.
    if (/^ai\.embed/.test(operation)) return 'embedding'
    return operation === 'ai.toolCall' ? 'tool' : 'llm'
  }
  const request = text(from, 'llm.request.type')
  if (request === 'embedding') return 'embedding'
  if (request === 'chat' || request === 'completion') return 'llm'
  const adk = text(from, 'gcp.vertex.agent.llm_request')
  return adk !== undefined && adk !== '{}' ? 'llm' : undefined
}

/** By what stands in it. */
function byContent(raw: RawSpan): Step['kind'] | undefined {
  const { attributes: from } = raw
  if (text(from, 'gen_ai.tool.name', 'tool.name') !== undefined) return 'tool'
  const hasModel = text(from, 'gen_ai.request.model', 'gen_ai.response.model') !== undefined
  const spoke = Object.keys(from).some((key) => /^gen_ai\.(?:usage|prompt|completion|input|output)\./.test(key))
  if (hasModel && spoke) return 'llm'
  // Pydantic AI, before it named its operations.
  if (text(from, 'agent_name') !== undefined && text(from, 'model_name') !== undefined) return 'agent'
  const body = answerOf(raw)
  if (body !== null) return body.kind
  if (text(from, 'http.request.method', 'http.method') === undefined) return undefined
  // A server's span is the same request seen from the other end.
  return text(from, 'span.kind') === 'server' ? 'other' : 'http'
}
