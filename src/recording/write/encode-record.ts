import { createRequire } from 'node:module'
import type { HttpAnswer, HttpRequest, Interaction, Payload } from '../../model/interaction.ts'
import type { Chance, Note } from '../../model/recording.ts'
import type { Entry } from '../entries.ts'
import { FORMAT, MIN_ANSWER_BLOB_LENGTH, MIN_BLOB_LENGTH } from '../format.ts'
import { ContentStore, escapeReferences } from './content-store.ts'
import { type BodyEncoder, createBodyEncoder } from './encode-body.ts'

/** The version of this library, as its package says. */
const VERSION = (createRequire(import.meta.url)('../../../package.json') as { version: string }).version

type HttpHead = Pick<HttpAnswer, 'status' | 'status_text' | 'headers'>

type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>

/** Turns entries into lines (without braces, sequence number and checksum): new content first, then the record itself. */
export interface RecordEncoder {
  encode(entry: Entry): string[]
}

export function createRecordEncoder(store: ContentStore = new ContentStore()): RecordEncoder {
  const bodies = createBodyEncoder(store)

  function data(payload: Payload, minLength: number, structured: boolean): string {
    if ('base64' in payload) {
      if (payload.base64.length < minLength) return `{"base64":${JSON.stringify(payload.base64)}}`
      return `{"$base64":"${store.blob('base64', payload.base64)}"}`
    }
    const structure = structured ? bodies.body(payload.text) : null
    if (structure !== null) return `{"json":${structure}}`
    if (payload.text.length < minLength) return JSON.stringify(payload.text)
    return `{"$text":"${store.blob('text', payload.text)}"}`
  }

  function request({ method, url, headers, body }: HttpRequest): string {
    const target = `"method":${JSON.stringify(method)},"url":${JSON.stringify(url)}`
    const content = body === null ? 'null' : data(body, MIN_BLOB_LENGTH, true)
    return `{${target},"headers":${store.headers(headers)},"body":${content}}`
  }

  function answer(got: HttpAnswer): string {
    const { headers_ms, chunks, coded, url } = got
    const [only] = chunks
    const parts =
      only !== undefined && chunks.length === 1
        ? [`[${number(only[0])},${data(only[1], MIN_ANSWER_BLOB_LENGTH, true)}]`]
        : chunks.map(([offset, part]) => `[${number(offset)},${data(part, Number.POSITIVE_INFINITY, false)}]`)
    const flag = coded === true ? ',"coded":true' : ''
    const when = `"headers_ms":${number(headers_ms)},"chunks":[${parts.join(',')}]`
    return `{${head(got, store)},${when}${flag}${extras(got, store)}${field('url', url)}}`
  }

  function call(entry: EntryOf<'call'>['call']): string {
    const when = place(entry)
    if (entry.kind === 'http') {
      return `"kind":"call",${when},"type":"http","door":${text(entry.door)},"request":${request(entry.request)}`
    }
    const lossy = entry.lossy === true ? ',"lossy":true' : ''
    const what = `"type":${text(entry.kind)},"name":${text(entry.name)}`
    return `"kind":"call",${when},${what},"args":${bodies.value(entry.args)}${lossy}`
  }

  function result({ id, at_ms, same, chunks, answer: got, value, ...rest }: EntryOf<'result'>['result']): string {
    const { lossy, sync, yields, ran, end, evidence } = rest
    let line = `"kind":"result","id":${text(id)}${at_ms === undefined ? '' : `,"at_ms":${number(at_ms)}`}`
    if (same !== undefined) line += `,"same":${text(same)}${field('chunks', chunks)}`
    if (got) line += `,"answer":${answer(got)}`
    if (value !== undefined) line += `,"value":${bodies.value(value)}`
    for (const [flag, isSet] of Object.entries({ lossy, sync, yields, ran }))
      if (isSet === true) line += `,"${flag}":true`
    return `${line},"end":${JSON.stringify(end)}${field('evidence', evidence)}`
  }

  function record(entry: Entry): string {
    switch (entry.kind) {
      case 'header':
        return header(entry.header)
      case 'call':
        return call(entry.call)
      case 'result':
        return result(entry.result)
      case 'repeat':
        return repeat(entry.call, store)
      case 'note':
        return note(entry.note, bodies)
      case 'chance':
        return chance(entry.chance)
      case 'finish':
        return finish(entry.finish, bodies)
    }
  }

  return {
    encode(entry) {
      const line = record(entry)
      return [...store.take(), line]
    },
  }
}

function finish({ at_ms, stop_reason, output, error }: EntryOf<'finish'>['finish'], bodies: BodyEncoder): string {
  const when = `"kind":"finish","at_ms":${number(at_ms)},"stop_reason":${text(stop_reason)}`
  return `${when},"output":${bodies.value(output)},"error":${JSON.stringify(error)}`
}

function repeat({ same, headers, ...call }: EntryOf<'repeat'>['call'], store: ContentStore): string {
  const other = headers === undefined ? '' : `,"headers":${store.headers(headers)}`
  return `"kind":"call",${place(call)},"same":${text(same)}${other}`
}

/** Which call it is, when it was made and within what. */
function place({ id, started_ms, parent, spans }: Pick<Interaction, 'id' | 'started_ms' | 'parent' | 'spans'>): string {
  return `"id":${text(id)},"started_ms":${number(started_ms)}${field('parent', parent)}${field('spans', spans)}`
}

/** The head of an answer, or of what came before it. */
function head({ status, status_text, headers }: HttpHead, store: ContentStore): string {
  return `"status":${number(status)},"status_text":${text(status_text)},"headers":${store.headers(headers)}`
}

/** What few answers have: names not in lower case, information before them, trailers behind them. */
function extras({ names, information, trailers }: HttpAnswer, store: ContentStore): string {
  let line = ''
  if (names) line += `,"names":${store.names(names)}`
  if (information) {
    const all = information.map((one) => `{${head(one, store)},"offset_ms":${number(one.offset_ms)}}`)
    line += `,"information":[${all.join(',')}]`
  }
  return trailers ? `${line},"trailers":${store.headers(trailers)}` : line
}

/** The header is the first line, so it refers to nothing. */
function header({ run, input, agent_ref, base, runtime, redaction }: EntryOf<'header'>['header']): string {
  return (
    `"kind":"header","format":${text(FORMAT)},"retrial":${text(VERSION)},"run":${JSON.stringify(run)}` +
    `,"input":${escapeReferences(JSON.stringify(input))}${field('agent_ref', agent_ref)}${field('base', base)}` +
    `,"runtime":${JSON.stringify(runtime)},"redaction":${JSON.stringify(redaction ?? null)}`
  )
}

function note({ at_ms, code, message, data }: Note, bodies: BodyEncoder): string {
  const details = data === undefined ? '' : `,"data":${bodies.value(data)}`
  return `"kind":"note","at_ms":${number(at_ms)},"code":${text(code)},"message":${text(message)}${details}`
}

function chance({ scope, random, uuids }: Chance): string {
  const drawn = (values: unknown[]): unknown[] | undefined => (values.length > 0 ? values : undefined)
  return `"kind":"chance","scope":${text(scope)}${field('random', drawn(random))}${field('uuids', drawn(uuids))}`
}

function text(value: string): string {
  return JSON.stringify(value)
}

/** A number that JSON can hold: a broken clock must not break the file. */
function number(value: number): number {
  return Number.isFinite(value) ? value : 0
}

function field(name: string, value: unknown): string {
  return value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`
}
