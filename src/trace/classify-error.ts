import { type HttpInteraction, headerValue } from '../model/interaction.ts'
import type { ErrorShape } from '../model/run.ts'
import type { ModelError } from '../providers/protocol.ts'

/** What went wrong, whoever says it and in whatever words: values of `error_class` and `error.type`. */
export type ErrorClass = (typeof ERROR_CLASSES)[number]

const ERROR_CLASSES = [
  'timeout',
  'rate_limit',
  'overloaded',
  'server_error',
  'auth',
  'not_found',
  'bad_request',
  'context_length',
  'connection',
  'dns',
  'aborted',
  'unfinished',
  'tool_error',
] as const

/** True for a class of ours. */
export function isErrorClass(name: string): name is ErrorClass {
  return ERROR_CLASSES.some((known) => known === name)
}

/** The class of an HTTP status; null below 400. */
export function classifyStatus(status: number): ErrorClass | null {
  if (status < 400) return null
  if (status === 408 || status === 504) return 'timeout'
  if (status === 429) return 'rate_limit'
  if (status === 503 || status === 529) return 'overloaded'
  if (status >= 500) return 'server_error'
  if (status === 401 || status === 403) return 'auth'
  return status === 404 ? 'not_found' : 'bad_request'
}

const CODES: [ErrorClass, RegExp][] = [
  ['timeout', /^(?:E(?:SOCKET)?TIMEDOUT|UND_ERR_\w*TIMEOUT|TimeoutError)$/],
  ['dns', /^(?:ENOTFOUND|EAI_\w+)$/],
  [
    'connection',
    /^(?:ECONN\w+|EPIPE|E(?:HOST|NET)(?:UNREACH|DOWN)|UND_ERR_SOCKET|ERR_TLS\w*|CERT_\w+|DEPTH_ZERO\w+|ERR_HTTP2\w+)$/,
  ],
  ['aborted', /^(?:AbortError|ABORT_ERR|UND_ERR_ABORTED|APIUserAbortError)$/],
]

const CONTEXT_LENGTH = /context.?(?:length|window)|maximum context|(?:prompt|input) is too long/i

const TEXTS: [ErrorClass, RegExp][] = [
  ['timeout', /time[- ]?(?:d[- ])?out|deadline exceeded/i],
  ['rate_limit', /rate[- _]?limit|too many requests|quota|throttl/i],
  ['overloaded', /overloaded|service ?unavailable/i],
  ['context_length', CONTEXT_LENGTH],
  ['dns', /ENOTFOUND|EAI_AGAIN/],
  [
    'connection',
    /ECONN(?:REFUSED|RESET)|socket hang up|fetch failed|connection (?:refused|reset|closed|error)|network error/i,
  ],
]

/** The class that a text speaks of, a tool's result or an error's message; null when it speaks of none. */
export function classifyText(text: string): ErrorClass | null {
  const spoken = TEXTS.find(([, pattern]) => pattern.test(text))
  if (spoken !== undefined) return spoken[0]
  const status = /\b(?:HTTP|status|code|error)\b[ :=]*([45]\d\d)\b/i.exec(text)?.[1]
  return status === undefined ? null : classifyStatus(Number(status))
}

/** The class of an error and its causes: by code or name of any of them, else by their messages; null when neither tells. */
export function classifyError(error: ErrorShape): ErrorClass | null {
  const chain: ErrorShape[] = []
  for (let next: ErrorShape | undefined = error; next !== undefined; next = next.cause) chain.push(next)
  const words = chain.flatMap(({ code, name }) => [String(code ?? ''), name])
  const coded = CODES.find(([, pattern]) => words.some((word) => pattern.test(word)))?.[0]
  const spoken = classifyText(chain.map(({ message }) => message).join('\n'))
  // Clients that give up after a while abort, or close the connection, and say why in words only.
  if (spoken === 'timeout' && (coded === 'aborted' || coded === 'connection')) return 'timeout'
  return coded ?? spoken
}

/**
 * The class of a request that failed; null when it did not.
 *
 * @param runFinished Whether the run outlived the request: then an answer that was never read to its end is no error.
 */
export function classifyHttp(interaction: HttpInteraction, runFinished: boolean): ErrorClass | null {
  const { answer, end } = interaction
  // Clients cancel the body of an answer that they are going to retry, so the status tells more than the end.
  const byStatus = answer === null ? null : classifyStatus(answer.status)
  if (byStatus !== null) return byStatus
  if (end === null) return runFinished && answer !== null ? null : 'unfinished'
  if (end.kind === 'complete') return null
  const byError = end.error === undefined ? null : classifyError(end.error)
  if (end.kind === 'aborted')
    return byError === 'timeout' || ranOutOfTime(interaction, end.offset_ms) ? 'timeout' : 'aborted'
  return byError ?? 'connection'
}

/** How long before its request leaves a client may have set its timer, ms. */
const TIMER_AHEAD_MS = 100

/** OpenAI's and Anthropic's clients say their time limit in a header, and give up by a plain abort. */
function ranOutOfTime({ request }: HttpInteraction, offset_ms: number): boolean {
  const seconds = Number(headerValue(request.headers, 'x-stainless-timeout') ?? 0)
  return seconds > 0 && offset_ms >= seconds * 1000 - TIMER_AHEAD_MS
}

/** The class of an error that a model's provider sent, inside an answer of any status. */
export function classifyModelError({ type, code, message }: ModelError, status: number): ErrorClass {
  const words = [type, code].join(' ')
  if (CONTEXT_LENGTH.test(`${words} ${message}`)) return 'context_length'
  // Most codes are words.
  const byStatus = classifyStatus(status) ?? classifyStatus(/^\d+$/.test(code ?? '') ? Number(code) : 0)
  if (byStatus !== null) return byStatus
  if (/authentication|permission|api_key/.test(words)) return 'auth'
  if (/not_found/.test(words)) return 'not_found'
  if (/invalid_request|^validation/i.test(words)) return 'bad_request'
  return classifyText(words) ?? classifyText(message) ?? 'server_error'
}
