import { answerText, type HttpAnswer, headerValue } from '../../model/interaction.ts'
import { type EntryPlace, entryError, type Remark } from './entry.ts'

/**
 * The URL of a request, without its fragment, which never leaves the client.
 *
 * @throws RetrialError `ERR_INTERCHANGE_URL`
 */
export function readUrl(text: string, place: EntryPlace): URL {
  const url = URL.parse(text)
  if (url === null) {
    const shown = JSON.stringify(text.replace(/[?#].*$/s, '').slice(0, 200))
    throw entryError(place, 'ERR_INTERCHANGE_URL', `${shown} is no absolute URL`)
  }
  url.hash = ''
  return url
}

/** A method as `fetch` sends it: these are the same in any case, others are not. */
export function normalMethod(method: string): string {
  const upper = method.toUpperCase()
  return ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'].includes(upper) ? upper : method
}

/** True for what is a request over HTTP. */
export function isHttp(protocol: string): boolean {
  return protocol === 'http:' || protocol === 'https:'
}

/** What is said of an entry that is no HTTP request. */
export function notHttp(protocol: string): Remark {
  return protocol === 'ws:' || protocol === 'wss:'
    ? { code: 'websocket', message: 'a web socket; its messages are not imported', gap: true }
    : { code: 'not_http', message: `left out: ${protocol} is no request over the network` }
}

/** What is said of a body that holds half surrogates. */
export function lossy(what: 'request' | 'answer'): Remark {
  return { code: 'lossy', message: `half surrogates in the body of the ${what} became U+FFFD`, gap: true }
}

/** What is said of an answer by its nature: that chunks of a stream are not known, that a redirect stands alone. */
export function remarksOfAnswer(answer: HttpAnswer): Remark[] {
  const remarks: Remark[] = []
  if (answer.chunks.length > 0 && isStream(answer)) {
    remarks.push({ code: 'chunk_times_unknown', message: 'a streamed answer, taken as one chunk at its end' })
  }
  if (answer.status >= 300 && answer.status < 400 && headerValue(answer.headers, 'location') !== undefined) {
    remarks.push({ code: 'redirect', message: 'a redirect; the request that followed it stands by itself' })
  }
  return remarks
}

/** True for an answer that clients read while it comes: SSE, an AWS event stream, JSON lines. */
function isStream(answer: HttpAnswer): boolean {
  const type = headerValue(answer.headers, 'content-type') ?? ''
  if (/event-?stream|stream\+json|ndjson|jsonl|json-seq/i.test(type)) return true
  return type === '' && /^(data|event):/.test(answerText(answer))
}
