/**
 * A second opinion: what a file holds, read by the shortest means and by nothing of `src/`. It knows only what occurs in
 * the corpus, and checks nothing.
 */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { parse } from 'yaml'

/** An exchange as it stands in the file. */
export interface OriginalExchange {
  method: string
  url: string
  /** The request as text, or the value that the file holds instead. */
  asked: string | object
  status: number
  content_type: string
  body: Buffer
}

type Json = ReturnType<typeof JSON.parse>

export function readHar(text: string): OriginalExchange[] {
  return JSON.parse(text).log.entries.map(({ request, response }: Json) => {
    const { encoding, text: body = '' } = response.content
    const isList = encoding === 'base64' && body.startsWith('[')
    const parts: string[] = isList ? JSON.parse(body) : [body]
    const bytes = Buffer.concat(parts.map((part) => Buffer.from(part, encoding === 'base64' ? 'base64' : 'utf8')))
    const content_type = pick(
      response.headers.map(({ name, value }: Json) => [name, value]),
      'content-type',
    )
    const { method, url, postData } = request
    return { method, url, asked: postData?.text ?? '', status: response.status, content_type, body: unpack(bytes) }
  })
}

export function readNock(text: string): OriginalExchange[] {
  return JSON.parse(text).map((one: Json) => {
    const raw = one.rawHeaders
    const pairs = Array.isArray(raw)
      ? raw.flatMap((name, i) => (i % 2 ? [] : [[name, raw[i + 1]]]))
      : Object.entries(raw)
    const isCoded = pick(pairs, 'content-encoding') !== ''
    const { response } = one
    const isHex = one.responseIsBinary || isCoded
    const body = isHex
      ? unpack(Buffer.concat([response].flat().map((part) => Buffer.from(part, 'hex'))))
      : Buffer.from(typeof response === 'string' ? response : JSON.stringify(response))
    const content_type = pick(pairs, 'content-type')
    return { method: one.method, url: one.scope + one.path, asked: one.body, status: one.status, content_type, body }
  })
}

export function readVcr(text: string): OriginalExchange[] {
  const { interactions } = parse(text, { version: '1.1', maxAliasCount: -1 })
  const exchanges = (interactions ?? []).filter((one: Json) => one.request !== undefined)
  return exchanges.map(({ request, response }: Json) => ({
    method: request.method,
    url: request.uri,
    asked: request.parsed_body ?? toText(request.body),
    status: response.status.code,
    content_type: pick(Object.entries(response.headers ?? {}), 'content-type'),
    body: response.parsed_body ? Buffer.from(JSON.stringify(response.parsed_body)) : toBytes(response.body.string),
  }))
}

export function readGoVcr(text: string): OriginalExchange[] {
  return parse(text).interactions.map(({ request, response }: Json) => ({
    method: request.method,
    url: request.url,
    asked: request.body,
    status: response.code,
    content_type: pick(Object.entries(response.headers ?? {}), 'content-type'),
    body: Buffer.from(response.body),
  }))
}

export function readDd(text: string): OriginalExchange[] {
  const { request, response } = JSON.parse(text)
  const content_type = pick(Object.entries(response.headers), 'content-type')
  const [, coded] = /^base64:(.*)$/s.exec(response.body) ?? []
  const body = coded === undefined ? Buffer.from(response.body) : Buffer.from(coded, 'base64')
  return [
    { method: request.method, url: request.url, asked: request.body, status: response.status.code, content_type, body },
  ]
}

function toText(body: Json): string {
  return body instanceof Uint8Array ? Buffer.from(body).toString('latin1') : (body ?? '')
}

function toBytes(body: Json): Buffer {
  return body instanceof Uint8Array ? unpack(Buffer.from(body)) : Buffer.from(body ?? '')
}

function pick(pairs: unknown[][], name: string): string {
  return String(pairs.find(([key]) => String(key).toLowerCase() === name)?.[1] ?? '')
}

/** Which coding it is, the bytes tell. */
function unpack(bytes: Buffer): Buffer {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes)
  if (bytes[0] === 0x78 && bytes.length > 2 && bytes.readUInt16BE(0) % 31 === 0) return inflateSync(bytes)
  if (bytes.length === 0 || bytes[0] === 0x7b || bytes.toString().startsWith('data:')) return bytes
  try {
    return brotliDecompressSync(bytes)
  } catch {
    return bytes
  }
}
