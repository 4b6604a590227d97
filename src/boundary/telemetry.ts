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
  path: RegExp
  matches(ask: HttpAsk): boolean
  head: HttpHead
}

const KINDS: readonly TelemetryKind[] = [
  {
    // The OpenAI Agents SDK, which does so unless it is told otherwise.
    path: /\/v1\/traces\/ingest$/,
    matches: ({ headers }) => headerValue(headers, 'openai-beta') === 'traces=v1',
    head: { status: 204, status_text: 'No Content', headers: [] },
  },
  {
    // OTLP, in either encoding.
    path: /\/v1\/(?:traces|metrics|logs)$/,
    matches: isOtlp,
    head: { status: 200, status_text: 'OK', headers: [['content-length', '0']] },
  },
]

function isOtlp({ headers, body }: HttpAsk): boolean {
  const type = headerValue(headers, 'content-type') ?? ''
  if (/^application\/x-protobuf\b/i.test(type)) return true
  if (!/^application\/json\b/i.test(type) || body === null) return false
  const json = parseJson(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'))
  return isJsonObject(json) && ['resourceSpans', 'resourceMetrics', 'resourceLogs'].some((key) => key in json)
}

function kindOf(ask: HttpAsk): TelemetryKind | undefined {
  if (ask.method !== 'POST') return undefined
  const path = ask.url.replace(/[?#].*$/s, '')
  return KINDS.find((kind) => kind.path.test(path) && kind.matches(ask))
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
  tape.http = (ask, parent) => {
    const kind = kindOf(ask)
    if (kind === undefined) return http(ask, parent)
    onTelemetry(new URL(ask.url).host)
    return tape.mode === 'observe'
      ? { kind: 'proceed', observer: NOBODY }
      : { kind: 'serve', exchange: arrived(kind.head) }
  }
}

function arrived(head: HttpHead): ServedExchange {
  return {
    head: Promise.resolve(head),
    flow: (sink) => sink.end(),
    abort: doNothing,
    length: 0,
    whole: () => new Uint8Array(),
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
