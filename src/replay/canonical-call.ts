import type { FunctionAsk } from '../boundary/tape.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { HeaderList, HttpRequest, Interaction } from '../model/interaction.ts'
import { readMcpRequest, stripMcpMessage } from '../providers/mcp/read-request.ts'
import { canonicaliseBody } from './canonical-body.ts'
import { isMeaningful, readHeaders } from './counting-headers.ts'

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

/** Names of headers, in lower case. */
export type HeaderNames = ReadonlySet<string>

/**
 * The canonical form of a call, recorded or made now.
 *
 * @param counted Headers that are part of the question beside those that always are. @default none
 */
export function canonicaliseInteraction(interaction: Interaction, counted?: HeaderNames): CanonicalCall {
  if (interaction.kind === 'http') return canonicaliseHttp(interaction.request, counted)
  return canonicaliseFunction(interaction.kind, interaction.name, interaction.args)
}

function canonicaliseFunction(kind: FunctionAsk['kind'], name: string, args: JsonValue): CanonicalCall {
  return finish(kind, `${kind} ${name}`, { args })
}

function canonicaliseHttp({ method, url: href, headers, body }: HttpRequest, counted?: HeaderNames): CanonicalCall {
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
    ...meaningfulHeaders(headers, counted),
    ...(Object.keys(query).length > 0 && { query }),
    ...content,
  })
}

function meaningfulHeaders(headers: HeaderList, counted: HeaderNames | undefined): JsonObject {
  const found = readHeaders(headers, (name) => isMeaningful(name) || counted?.has(name) === true)
  return found.size === 0 ? {} : { headers: Object.fromEntries(found) }
}

function finish(kind: CanonicalCall['kind'], target: string, content: JsonObject): CanonicalCall {
  return { kind, target, content, text: canonicalText(target, content) }
}

/** The text that two calls have in common exactly when they are equal. */
export function canonicalText(target: string, content: JsonObject): string {
  return `${target}\n${canonicalJson(content)}`
}
