import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../core/json.ts'
import { type HttpRequest, headerValue, payloadText } from '../../model/interaction.ts'

/** The scheme under which the traffic of a server that is a child process is recorded. */
export const STDIO_SCHEME = 'stdio:'

/** The scheme under which the traffic of a transport that was wrapped is recorded. */
export const TRANSPORT_SCHEME = 'mcp:'

/** Keys of `_meta` that the protocol itself defines begin so. */
const OWN_META = 'io.modelcontextprotocol/'

export type JsonRpcId = string | number

/**
 * What an MCP client sends. `request` wants an answer, `notification` none; `response` answers the server; `listen` opens a
 * stream on which the server may speak; `leave` ends the session.
 */
export interface McpRequest {
  kind: 'request' | 'notification' | 'response' | 'listen' | 'leave'
  /** `tools/call`; of a response, that it is one. */
  method: string
  /** Of a request or a response. */
  id: JsonRpcId | null
  params: JsonObject
}

/**
 * Reads what an MCP client sends, over streamable HTTP or to a child process; null for anything else. JSON-RPC alone is no MCP:
 * the session, the protocol's own headers or its version say so.
 */
export function readMcpRequest(request: HttpRequest): McpRequest | null {
  const isCertain = isWithoutHttp(request.url) || hasMcpHeader(request)
  if (request.body === null) return isCertain ? readBare(request) : null
  const text = payloadText(request.body)
  // Without its first quotation mark, of which JSON is full: a search for a letter that is rare is thirty times as fast.
  if (!text.includes('jsonrpc"')) return null
  const message = parseJson(text)
  const first = Array.isArray(message) ? message.find((one) => isJsonObject(one) && 'method' in one) : message
  return isJsonObject(first) && (isCertain || isMcpMessage(first)) ? readMessage(first) : null
}

function isWithoutHttp(url: string): boolean {
  return url.startsWith(STDIO_SCHEME) || url.startsWith(TRANSPORT_SCHEME)
}

function readBare({ method, headers, url }: HttpRequest): McpRequest | null {
  const bare = { id: null, params: {} }
  const isStream = isWithoutHttp(url) || headerValue(headers, 'accept')?.includes('text/event-stream')
  if (method === 'GET' && isStream) return { kind: 'listen', method: 'listen', ...bare }
  return method === 'DELETE' ? { kind: 'leave', method: 'leave', ...bare } : null
}

function hasMcpHeader({ headers }: HttpRequest): boolean {
  return headers.some(([name]) => /^mcp-(?:session-id|protocol-version|method)$/i.test(name))
}

/** Whether a message says by itself that it is one of MCP: the first of a session, or any of the protocol without sessions. */
export function isMcpMessage(message: JsonValue | undefined): boolean {
  if (!isJsonObject(message) || message.jsonrpc !== '2.0' || typeof message.method !== 'string') return false
  const params = isJsonObject(message.params) ? message.params : {}
  const meta = isJsonObject(params._meta) ? params._meta : {}
  const version = message.method === 'initialize' ? params.protocolVersion : meta[`${OWN_META}protocolVersion`]
  return typeof version === 'string' && /^\d{4}-\d\d-\d\d$/.test(version)
}

function readMessage(message: JsonObject): McpRequest | null {
  if (message.jsonrpc !== '2.0') return null
  const { id: given = null, method } = message
  const id = typeof given === 'string' || typeof given === 'number' ? given : null
  const params = isJsonObject(message.params) ? message.params : {}
  if (typeof method !== 'string') return { kind: 'response', method: 'response', id, params: {} }
  if (id === null) return { kind: 'notification', method, id, params }
  return { kind: method === 'subscriptions/listen' ? 'listen' : 'request', method, id, params }
}

/** Members of `_meta` that say how a question is carried and by whom it is asked, and are no part of it. */
const CARRIED = new Set(['traceparent', 'tracestate', 'baggage', `${OWN_META}clientInfo`])

/**
 * A message of an MCP client without what says how it is carried: its id, what its progress goes by, the trace that it belongs
 * to, and the name and version of the client.
 */
export function stripMcpMessage(message: JsonValue): JsonValue {
  if (Array.isArray(message)) return message.map(stripMcpMessage)
  if (!isJsonObject(message) || typeof message.method !== 'string') return message
  const { id: _, ...rest } = message
  if (!isJsonObject(rest.params)) return rest
  const { _meta, ...params } = rest.params
  if (message.method === 'initialize') delete params.clientInfo
  if (message.method === 'notifications/cancelled') delete params.requestId
  if (isJsonObject(_meta)) {
    const kept = Object.entries(_meta).filter(([name]) => !CARRIED.has(name))
    const token = kept.find(([name]) => name === 'progressToken')
    // That progress is asked for is part of the question, under which name is not.
    if (token !== undefined) token[1] = true
    if (kept.length > 0) params._meta = Object.fromEntries(kept)
  } else if (_meta !== undefined) params._meta = _meta
  return { ...rest, params }
}
