import type { HeaderList } from '../model/interaction.ts'
import { isSecretHeader } from '../recording/redact/is-secret-name.ts'

/** Headers that are always part of the question. */
const MEANINGFUL = new Set([
  'anthropic-beta',
  'anthropic-version',
  'openai-beta',
  'range',
  'if-none-match',
  'if-modified-since',
  'last-event-id',
])

/** Headers that make a repeated request the same one to whoever answers. Their values are made anew for each request. */
export const REPEATS: ReadonlySet<string> = new Set(['idempotency-key', 'x-idempotency-key'])

/** Headers that say how a request is carried, by which client, or under which name it is told of: they change no answer. */
const CARRYING = new Set([
  // the connection and the message
  ...['accept-encoding', 'connection', 'content-length', 'date', 'expect', 'host', 'http2-settings', 'keep-alive'],
  ...['priority', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'via'],
  // the client
  ...['user-agent', 'x-goog-api-client', 'x-amz-user-agent', 'x-ms-useragent'],
  // traces and names
  ...['traceparent', 'tracestate', 'b3', 'sentry-trace', 'x-amzn-trace-id', 'x-cloud-trace-context', 'uber-trace-id'],
  ...['newrelic', 'elastic-apm-traceparent', 'x-trace-id', 'x-request-id', 'x-correlation-id', 'x-client-request-id'],
  ...['request-id', 'correlation-id', 'client-request-id', 'x-ms-client-request-id'],
  // signatures of what is compared anyway
  ...['x-amz-date', 'x-amz-content-sha256', 'x-ms-date'],
  // what MCP says once more than its body does, and its session
  ...['mcp-session-id', 'mcp-protocol-version', 'mcp-method', 'mcp-name'],
])
const CARRYING_FAMILY = /^(x-stainless|amz-sdk|x-b3|x-datadog|sec-fetch|sec-ch)-/

/** True for a header that is part of the question in every replay. */
export function isMeaningful(name: string): boolean {
  return MEANINGFUL.has(name.toLowerCase())
}

/**
 * True for a header that may change the answer, as far as anybody knows: it is part of the question where a candidate sends it
 * otherwise than the unfixed agent. Who asks, `isSecretHeader`, is looked at on its own.
 */
function mayCount(name: string): boolean {
  if (MEANINGFUL.has(name) || CARRYING.has(name) || REPEATS.has(name)) return false
  return !CARRYING_FAMILY.test(name) && !isSecretHeader(name)
}

/** The headers of a request that may change its answer, as they are compared: by names in lower case, in order. */
export function readCountingHeaders(headers: HeaderList): Map<string, string> {
  return readHeaders(headers, mayCount)
}

/** Several lines of one header say the same as one line of all their values; what says nothing is left out. */
export function readHeaders(headers: HeaderList, isRead: (name: string) => boolean): Map<string, string> {
  const found = new Map<string, string>()
  for (const [line, text] of headers) {
    const name = line.toLowerCase()
    if (!isRead(name)) continue
    const value = asCompared(name, text)
    if (value === null) continue
    const before = found.get(name)
    found.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return found
}

/** Clients differ in how they say that anything will do, and in parameters that say nothing or are drawn by lot. */
function asCompared(name: string, value: string): string | null {
  switch (name) {
    case 'accept':
      return value.trim() === '*/*' ? null : value
    case 'accept-language':
      return value.trim() === '*' ? null : value
    case 'content-type': {
      const [type = '', ...parameters] = value.split(';').map((part) => part.trim())
      const kept = parameters.filter((part) => !/^(boundary=|charset="?utf-8"?$)/i.test(part))
      return [type.toLowerCase(), ...kept].join('; ')
    }
    default:
      return value
  }
}
