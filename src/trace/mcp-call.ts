import type { JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import { type FunctionInteraction, type HttpInteraction, headerValue } from '../model/interaction.ts'
import { type McpAnswer, readMcpAnswer, textOfToolResult } from '../providers/mcp/read-answer.ts'
import { type McpRequest, readMcpRequest } from '../providers/mcp/read-request.ts'
import { classifyHttp, classifyText, type ErrorClass } from './classify-error.ts'

/** One message to an MCP server, and what came of it. */
export interface McpCall {
  message: McpRequest
  answer: McpAnswer | null
  error_class: ErrorClass | null
  attributes: Record<string, JsonValue | undefined>
}

/** Reads a call of an MCP server; null for any other request. */
export function readMcpCall(interaction: HttpInteraction, cancelled: Cancelled, runFinished: boolean): McpCall | null {
  const message = readMcpRequest(interaction.request)
  if (message === null) return null
  const { id, method, params } = message
  const answer = interaction.answer === null ? null : readMcpAnswer(interaction.answer, id)
  const error_class = classify(interaction, message, answer, cancelled, runFinished)
  const tools = answer?.result?.tools
  return {
    message,
    answer,
    error_class,
    attributes: {
      [OTEL.mcpMethod]: method,
      [OTEL.rpcStatus]: answer?.error?.code === undefined ? undefined : String(answer.error.code),
      [GEN_AI.toolDefinitions]: method === 'tools/list' && Array.isArray(tools) ? JSON.stringify(tools) : undefined,
      [GEN_AI.toolName]: method === 'tools/call' ? String(params.name) : undefined,
    },
  }
}

/** Why the agent told a server that it does not wait for a request any more, by session and id. */
export type Cancelled = ReadonlyMap<string, string>

/** Finds the requests that the agent gave up by a message. */
export function findCancelled(interactions: readonly HttpInteraction[]): Cancelled {
  const cancelled = new Map<string, string>()
  for (const { request } of interactions) {
    const message = readMcpRequest(request)
    if (message?.method !== 'notifications/cancelled') continue
    const { requestId, reason = '' } = message.params
    cancelled.set(keyOf(request, requestId ?? null), String(reason))
  }
  return cancelled
}

function keyOf({ url, headers }: HttpInteraction['request'], id: JsonValue): string {
  return JSON.stringify([url, headerValue(headers, 'mcp-session-id') ?? '', id])
}

function classify(
  interaction: HttpInteraction,
  { kind, id }: McpRequest,
  answer: McpAnswer | null,
  cancelled: Cancelled,
  runFinished: boolean,
): ErrorClass | null {
  const status = interaction.answer?.status ?? 0
  // A server without a stream of its own, or without sessions, says so; and streams are left, not ended.
  if ((kind === 'listen' || kind === 'leave') && (status === 405 || (status > 0 && status < 400))) return null
  if (answer !== null) return classifyAnswer(answer)
  const reason = id === null ? undefined : cancelled.get(keyOf(interaction.request, id))
  if (reason !== undefined && status < 400) return classifyText(reason) ?? 'aborted'
  const byHttp = classifyHttp(interaction, runFinished)
  if (kind === 'notification' || kind === 'response') {
    // Nobody waits for what comes of it.
    return byHttp === 'aborted' || byHttp === 'unfinished' ? null : byHttp
  }
  if (byHttp !== null || kind === 'leave') return byHttp
  return interaction.end === null ? 'unfinished' : 'connection'
}

/** The codes of JSON-RPC and of MCP. */
const CODES = new Map<number | null, ErrorClass>([
  [-32_601, 'not_found'],
  [-32_602, 'bad_request'],
  [-32_600, 'bad_request'],
  [-32_002, 'not_found'],
  [-32_001, 'timeout'],
  [-32_603, 'server_error'],
])

function classifyAnswer({ result, error }: McpAnswer): ErrorClass | null {
  if (error !== null) return classifyText(error.message) ?? CODES.get(error.code) ?? 'tool_error'
  return result?.isError === true ? (classifyText(textOfToolResult(result)) ?? 'tool_error') : null
}

/** A call of a tool over MCP as one of a wrapped function: by its name, with its arguments and its result. */
export function asToolCall(interaction: HttpInteraction, { message, answer }: McpCall): FunctionInteraction {
  const { id, started_ms, parent, end } = interaction
  const name = typeof message.params.name === 'string' ? message.params.name : ''
  const error = answer?.error && { name: 'McpError', message: answer.error.message }
  return {
    id,
    kind: 'tool',
    name,
    args: message.params.arguments ?? {},
    started_ms,
    ...(parent !== undefined && { parent }),
    ...(answer?.result && { value: textOfToolResult(answer.result) }),
    end: end && error ? { ...end, kind: 'failed', error } : end,
  }
}
