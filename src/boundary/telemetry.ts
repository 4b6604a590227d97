import { isJsonObject, parseJson } from '../core/json.ts'
import { doNothing } from '../core/nothing.ts'
import { headerValue } from '../model/interaction.ts'
import type { HttpAsk, HttpHead, HttpObserver, ServedExchange, Tape } from './tape.ts'

/** An observer that takes down nothing. */
export const NOBODY: HttpObserver = {
  information: doNothing,
  head: doNothing,
  chunk: doNothing,
  complete: doNothing,
  aborted: doNothing,
  failed: doNothing,
}

/** What an agent's libraries tell a tracing backend, and what such a backend says to it when all is well. */
interface TelemetryKind {
  method: 'POST' | 'GET'
  path: RegExp
  matches(ask: HttpAsk): boolean
  answer: { head: HttpHead; body: string }
}

const NO_CONTENT = { head: { status: 204, status_text: 'No Content', headers: [] }, body: '' }

function headOfJson(status: number, status_text: string): HttpHead {
  const headers: HttpHead['headers'] = [
    ['content-type', 'application/json'],
    ['content-length', '2'],
  ]
  return { status, status_text, headers }
}

const KINDS: readonly TelemetryKind[] = [
  {
    // The OpenAI Agents SDK, which does so unless it is told otherwise.
    method: 'POST',
    path: /\/v1\/traces\/ingest$/,
    matches: ({ headers }) => headerValue(headers, 'openai-beta') === 'traces=v1',
    answer: NO_CONTENT,
  },
  {
    // OTLP, in either encoding.
    method: 'POST',
    path: /\/v1\/(?:traces|metrics|logs)$/,
    matches: isOtlp,
    answer: { head: { status: 200, status_text: 'OK', headers: [['content-length', '0']] }, body: '' },
  },
  {
    // LangSmith, which LangChain tells of every run once it has a key.
    method: 'POST',
    path: /\/runs\/(?:multipart|batch)$/,
    matches: isLangsmith,
    answer: { head: headOfJson(202, 'Accepted'), body: '{}' },
  },
  {
    // What it asks first: in which portions it may tell. Told nothing, it goes by its own limits.
    method: 'GET',
    path: /\/info$/,
    matches: isLangsmith,
    answer: { head: headOfJson(200, 'OK'), body: '{}' },
  },
]

function isOtlp({ headers, body }: HttpAsk): boolean {
  const type = headerValue(headers, 'content-type') ?? ''
  if (/^application\/x-protobuf\b/i.test(type)) return true
  if (!/^application\/json\b/i.test(type) || body === null) return false
  const json = parseJson(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'))
  return isJsonObject(json) && ['resourceSpans', 'resourceMetrics', 'resourceLogs'].some((key) => key in json)
}

function isLangsmith({ headers }: HttpAsk): boolean {
  return /^langsmith-(?:js|py)\//.test(headerValue(headers, 'user-agent') ?? '')
}

function kindOf(ask: HttpAsk): TelemetryKind | undefined {
  const path = ask.url.replace(/[?#].*$/s, '')
  return KINDS.find((kind) => kind.method === ask.method && kind.path.test(path) && kind.matches(ask))
}

/**
 * Makes a tape leave out what is told to a tracing backend: it is about the run, no part of it. No agent is known to read the
 * answer, and when and in what portions the clients send depends on the speed of the machine. Where calls proceed it goes its
 * way and is not written down; where they never do it is taken to have arrived.
 *
 * @param onTelemetry Told of each such request, with its host.
 */
export function leaveOutTelemetry(tape: Tape, onTelemetry: (host: string) => void): void {
  const http = tape.http.bind(tape)
  tape.http = (ask, within) => {
    const kind = kindOf(ask)
    if (kind === undefined) return http(ask, within)
    onTelemetry(new URL(ask.url).host)
    return tape.mode === 'observe'
      ? { kind: 'proceed', observer: NOBODY }
      : { kind: 'serve', exchange: arrived(kind.answer) }
  }
}

function arrived({ head, body }: TelemetryKind['answer']): ServedExchange {
  return {
    head: Promise.resolve(head),
    flow: (sink) => {
      if (body !== '') sink.chunk({ text: body })
      sink.end()
    },
    abort: doNothing,
    length: body.length,
    whole: () => Buffer.from(body),
  }
}

/** Code of the note that tells of telemetry which is not in a recording. */
export const TELEMETRY_NOTE = 'telemetry_left_out'

/** Takes down each host once. */
export function noteTelemetry(note: (code: string, message: string, data: { host: string }) => void) {
  const hosts = new Set<string>()
  return (host: string): void => {
    if (hosts.has(host)) return
    hosts.add(host)
    note(TELEMETRY_NOTE, `what was told to ${host} about the run is no part of it`, { host })
  }
}
