import { isEventStream, mapEventStream } from '../../model/event-stream.ts'
import { type HttpAnswer, payloadText, type SpanName } from '../../model/interaction.ts'
import type { Entry } from '../entries.ts'
import type { Redactor } from './create-redactor.ts'
import { isSecretName } from './is-secret-name.ts'

type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>

/**
 * An entry with its secrets replaced: the one place that all which is written passes through.
 * Ids, methods, status codes and times stay as they are.
 */
export function redactEntry(entry: Entry, redactor: Redactor | undefined): Entry {
  if (redactor === undefined) return entry
  const before = redactor.known()
  const redacted = redactOnce(entry, redactor)
  // A secret that is recognised at the end of an entry may stand at its start too.
  return redactor.known() === before ? redacted : redactOnce(entry, redactor)
}

function redactOnce(entry: Entry, redactor: Redactor): Entry {
  switch (entry.kind) {
    case 'header':
      return { kind: 'header', header: redactHeader(entry.header, redactor) }
    case 'call':
      return { kind: 'call', call: redactCall(redactPlace(entry.call, redactor), redactor) }
    case 'repeat': {
      const { headers, ...call } = redactPlace(entry.call, redactor)
      return { kind: 'repeat', call: { ...call, ...(headers && { headers: redactor.headers(headers) }) } }
    }
    case 'result':
      return { kind: 'result', result: redactResult(entry.result, redactor) }
    case 'note': {
      const { message, data, ...note } = entry.note
      const details = data === undefined ? {} : { data: redactor.json(data) }
      return { kind: 'note', note: { ...note, message: redactor.text(message), ...details } }
    }
    case 'chance': {
      const { uuids } = entry.chance
      return { kind: 'chance', chance: { ...entry.chance, uuids: uuids.map(redactor.text) } }
    }
    case 'finish': {
      const { output, error, ...finish } = entry.finish
      const redacted = { output: redactor.json(output), error: error === null ? null : redactor.error(error) }
      return { kind: 'finish', finish: { ...finish, ...redacted } }
    }
  }
}

function redactHeader(header: EntryOf<'header'>['header'], redactor: Redactor): EntryOf<'header'>['header'] {
  const { run, runtime, agent_ref, base, input } = header
  return {
    run: {
      ...run,
      ...optional('release', run.release, redactor.text),
      ...optional('workflow', run.workflow, redactor.text),
      ...optional('agent', run.agent, redactor.text),
    },
    input: redactor.json(input),
    ...optional('agent_ref', agent_ref, redactor.text),
    ...(base && { base }),
    runtime: {
      ...runtime,
      ...(runtime.env === undefined ? {} : { env: redactEnv(runtime.env, redactor) }),
      ...(runtime.secret_env === undefined ? {} : { secret_env: redactSecrets(runtime.secret_env, redactor) }),
    },
    redaction: { rules: redactor.ruleSet, salt: redactor.salt },
  }
}

function redactEnv(env: Record<string, string>, redactor: Redactor): Record<string, string> {
  const redact = (name: string, value: string) =>
    isSecretName(name.toUpperCase()) ? redactor.secret(value) : redactor.text(value)
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, redact(name, value)]))
}

function redactSecrets(env: Record<string, string>, redactor: Redactor): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, redactor.secret(value)]))
}

/** The names of spans with their secrets replaced. */
export function redactSpans(spans: readonly SpanName[], redactor: Redactor): SpanName[] {
  return spans.map((span) => ({ ...span, name: redactor.text(span.name) }))
}

function redactPlace<C extends { spans?: SpanName[] | undefined }>(call: C, redactor: Redactor): C {
  return call.spans === undefined ? call : { ...call, spans: redactSpans(call.spans, redactor) }
}

function redactCall(call: EntryOf<'call'>['call'], redactor: Redactor): EntryOf<'call'>['call'] {
  if (call.kind !== 'http') return { ...call, args: redactor.json(call.args) }
  const { method, url, headers, body } = call.request
  const request = {
    method,
    url: redactor.url(url),
    headers: redactor.headers(headers),
    body: body === null ? null : redactor.payload(body),
  }
  return { ...call, request }
}

function redactResult(result: EntryOf<'result'>['result'], redactor: Redactor): EntryOf<'result'>['result'] {
  const { answer, value, end, evidence } = result
  return {
    ...result,
    ...(answer ? { answer: redactAnswer(answer, redactor) } : {}),
    ...(value === undefined ? {} : { value: redactor.json(value) }),
    end: end?.error === undefined ? end : { ...end, error: redactor.error(end.error) },
    ...(evidence?.note === undefined ? {} : { evidence: { ...evidence, note: redactor.text(evidence.note) } }),
  }
}

function redactAnswer(answer: HttpAnswer, redactor: Redactor): HttpAnswer {
  return {
    ...answer,
    status_text: redactor.text(answer.status_text),
    headers: redactor.headers(answer.headers),
    ...(answer.information && {
      information: answer.information.map((one) => ({ ...one, headers: redactor.headers(one.headers) })),
    }),
    ...(answer.trailers && { trailers: redactor.headers(answer.trailers) }),
    chunks: redactChunksOf(answer, redactor),
    ...optional('url', answer.url, redactor.url),
  }
}

/** A framed stream is searched message by message: what is replaced in it has another length, and another checksum. */
function redactChunksOf({ headers, chunks }: HttpAnswer, redactor: Redactor): HttpAnswer['chunks'] {
  if (!isEventStream(headers)) return redactor.chunks(chunks)
  return mapEventStream(chunks, (text) =>
    redactor
      .chunks([[0, { text }]])
      .map(([, data]) => payloadText(data))
      .join(''),
  )
}

function optional<K extends string>(key: K, value: string | undefined, map: (value: string) => string) {
  return value === undefined ? {} : ({ [key]: map(value) } as { [key in K]: string })
}
