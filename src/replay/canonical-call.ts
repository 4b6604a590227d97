import type { FunctionAsk } from '../boundary/tape.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { type JsonObject, type JsonValue, parseJson } from '../core/json.ts'
import { type HeaderList, headerValue, type Interaction, type Payload, payloadText } from '../model/interaction.ts'

/** Headers that change what is asked. All others say how it is carried, and by whom. */
const MEANINGFUL = new Set([
  'anthropic-beta',
  'anthropic-version',
  'openai-beta',
  'range',
  'if-none-match',
  'if-modified-since',
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
  const target = url === null ? `${method} ${href}` : `${method} ${url.origin}${url.pathname}`
  const meaningful = headers.filter(([name]) => isMeaningful(name))
  return finish('http', target, {
    ...(meaningful.length > 0 && { headers: Object.fromEntries(meaningful) }),
    ...(Object.keys(query).length > 0 && { query }),
    ...(body !== null && canonicaliseBody(body, headers)),
  })
}

function finish(kind: CanonicalCall['kind'], target: string, content: JsonObject): CanonicalCall {
  return { kind, target, content, text: canonicalText(target, content) }
}

/** The text that two calls have in common exactly when they are equal. */
export function canonicalText(target: string, content: JsonObject): string {
  return `${target}\n${canonicalJson(content)}`
}

function canonicaliseBody(body: Payload, headers: HeaderList): JsonObject {
  if ('base64' in body) return { base64: body.base64 }
  const parsed = /^\s*[[{]/.test(body.text) ? parseExactly(body.text) : undefined
  if (parsed !== undefined) return { body: parsed }
  const type = headerValue(headers, 'content-type') ?? ''
  const boundary = /^multipart\/[^;]+;.*boundary="?([^";]+)"?/i.exec(type)?.[1]
  // Clients draw the boundary by lot; the parts are what was asked.
  return { text: boundary === undefined ? payloadText(body) : payloadText(body).replaceAll(boundary, 'boundary') }
}

/** What may be a number that JavaScript cannot hold: a long integer, or one with an exponent. */
const UNSAFE_NUMBER = /[:[,]\s*-?(?:\d{16}|\d[\d.]*[eE])/

/** Parses JSON; undefined when it is none, or when numbers that differ would become equal. */
function parseExactly(text: string): JsonValue | undefined {
  if (!UNSAFE_NUMBER.test(text)) return parseJson(text)
  let isExact = true
  const check = (_key: string, value: unknown, { source }: { source?: string }): unknown => {
    if (typeof value === 'number' && source !== undefined) isExact &&= holds(value, source)
    return value
  }
  try {
    const parsed = JSON.parse(text, check as (key: string, value: unknown) => unknown) as JsonValue
    return isExact ? parsed : undefined
  } catch {
    return undefined
  }
}

function holds(value: number, source: string): boolean {
  return /^-?\d+$/.test(source) ? BigInt(source) === BigInt(value) : Number.isFinite(value)
}
