import type { FunctionAsk } from '../boundary/tape.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { HeaderList, Interaction, Payload } from '../model/interaction.ts'
import { readMcpRequest, stripMcpMessage } from '../providers/mcp/read-request.ts'
import { canonicaliseBody } from './canonical-body.ts'

/** Headers that change what is asked. All others say how it is carried, and by whom. */
const MEANINGFUL = new Set([
  'anthropic-beta',
  'anthropic-version',
  'openai-beta',
  'range',
  'if-none-match',
  'if-modified-since',
  'last-event-id',
])

/** True for a header that changes what is asked. */
export function isMeaningful(name: string): boolean {
  return MEANINGFUL.has(name.toLowerCase())
}

/**
 * A call as it is compared: what was asked, without how it was carried. Most headers, the order of query parameters, white
 * space and the order of JSON keys play no part; all else does.
 */
export interface CanonicalCall {
  kind: Interaction['kind']
  /** `POST https://host/path`, or `tool name`: calls of different targets are never alike. */
  target: string
  /** Query, body or arguments. */
  content: JsonObject
  /** Canonical JSON of target and content. */
  text: string
}

/** The canonical form of a call, recorded or made now. */
export function canonicaliseInteraction(interaction: Interaction): CanonicalCall {
  if (interaction.kind === 'http') {
    const { method, url, headers, body } = interaction.request
    return canonicaliseHttp(method, url, headers, body)
  }
  return canonicaliseFunction(interaction.kind, interaction.name, interaction.args)
}

function canonicaliseFunction(kind: FunctionAsk['kind'], name: string, args: JsonValue): CanonicalCall {
  return finish(kind, `${kind} ${name}`, { args })
}

function canonicaliseHttp(method: string, href: string, headers: HeaderList, body: Payload | null): CanonicalCall {
  const url = URL.parse(href)
  const query: Record<string, string[]> = Object.create(null)
  for (const [name, value] of url?.searchParams ?? []) {
    query[name] ??= []
    query[name].push(value)
  }
  // The address of a child process has no origin.
  const origin = url?.origin === 'null' ? url.protocol : url?.origin
  const target = url === null ? `${method} ${href}` : `${method} ${origin}${url.pathname}`
  const content = body === null ? {} : canonicaliseBody(body, headers)
  if (content.body !== undefined && readMcpRequest({ method, url: href, headers, body }) !== null) {
    content.body = stripMcpMessage(content.body)
  }
  return finish('http', target, {
    ...meaningfulHeaders(headers),
    ...(Object.keys(query).length > 0 && { query }),
    ...content,
  })
}

/** Several lines of one header say the same as one line of all their values. */
function meaningfulHeaders(headers: HeaderList): JsonObject {
  const found: Record<string, string> = {}
  for (const [line, value] of headers) {
    const name = line.toLowerCase()
    if (isMeaningful(name)) found[name] = found[name] === undefined ? value : `${found[name]}, ${value}`
  }
  return Object.keys(found).length === 0 ? {} : { headers: found }
}

function finish(kind: CanonicalCall['kind'], target: string, content: JsonObject): CanonicalCall {
  return { kind, target, content, text: canonicalText(target, content) }
}

/** The text that two calls have in common exactly when they are equal. */
export function canonicalText(target: string, content: JsonObject): string {
  return `${target}\n${canonicalJson(content)}`
}
