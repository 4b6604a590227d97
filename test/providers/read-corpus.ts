import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { parse } from 'yaml'
import type { HttpAnswer } from '../../src/model/interaction.ts'

const CORPUS = join(import.meta.dirname, '../../../shared/corpus')

/** One recorded request and its answer, whatever file it stood in. */
export interface CorpusInteraction {
  /** File and place in it. */
  place: string
  url: string
  body: unknown
  answer: HttpAnswer
}

type Json = Record<string, unknown>

export const hasCorpus = existsSync(CORPUS)

/** All interactions over HTTP of the cassettes and HAR files: vcrpy in both dialects, go-vcr, Datadog's, nock's and Polly's. */
export function* readCorpus(): Generator<CorpusInteraction> {
  for (const file of globSync('{vcr,har}/**/*.{yaml,json,har}', { cwd: CORPUS }).sort()) {
    if (file.includes('vercel-ai-fixtures')) continue
    for (const [index, one] of interactionsOf(file).entries()) {
      const { request, response } = one as { request?: Json; response?: Json }
      if (request === undefined || response === undefined) continue
      yield { place: `${file}#${index}`, ...readInteraction(request, response) }
    }
  }
}

function interactionsOf(file: string): unknown[] {
  const text = readFileSync(join(CORPUS, file), 'utf8')
  const read = file.endsWith('.yaml') ? parse(text, { version: '1.1', customTags: ['binary'] }) : JSON.parse(text)
  if (Array.isArray(read)) return read.map(fromNock)
  const { interactions, log, request } = read as {
    interactions?: unknown[]
    log?: { entries: unknown[] }
    request?: unknown
  }
  return interactions ?? log?.entries ?? (request === undefined ? [] : [read])
}

function fromNock({ scope, path, body, status, response, rawHeaders }: Json): unknown {
  return {
    request: { url: `${scope}${path}`, body: typeof body === 'string' ? body : JSON.stringify(body) },
    response: { status, headers: rawHeaders, body: response },
  }
}

function readInteraction(request: Json, response: Json): Omit<CorpusInteraction, 'place'> {
  const post = request.postData as { text?: string } | undefined
  const sent = request.parsed_body ?? request.body ?? post?.text
  const bytes = decode(bodyOf(response))
  const type = typeOf(response, bytes)
  return {
    url: String(request.uri ?? request.url),
    body: typeof sent === 'string' || Buffer.isBuffer(sent) ? tryJson(String(sent)) : sent,
    answer: {
      status: statusOf(response),
      status_text: '',
      headers: type === undefined ? [] : [['content-type', type]],
      headers_ms: 0,
      chunks: [[1, { base64: bytes.toString('base64') }]],
    },
  }
}

/** A number, an object that holds it, or a field beside the words of it. */
function statusOf({ status, code }: Json): number {
  const told = typeof status === 'object' ? (status as { code: number }).code : status
  return Number(typeof told === 'number' ? told : (code ?? 200))
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The body as it was kept: text, bytes, parsed, or pieces in hexadecimal or base64. */
function bodyOf({ body, content, parsed_body }: Json): Buffer {
  const har = content as { text?: string; encoding?: string } | undefined
  if (har?.encoding === 'base64') {
    const pieces = har.text?.startsWith('[') ? (JSON.parse(har.text) as string[]) : [har.text ?? '']
    return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64')))
  }
  const held = har?.text ?? parsed_body ?? (body as { string?: unknown } | null)?.string ?? body ?? ''
  if (held instanceof Uint8Array) return Buffer.from(held)
  if (Array.isArray(held) && held.every((piece) => typeof piece === 'string')) {
    return Buffer.concat(held.map((piece) => Buffer.from(piece, 'hex')))
  }
  return Buffer.from(typeof held === 'string' ? held : JSON.stringify(held))
}

function decode(bytes: Buffer): Buffer {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes)
  if (bytes.length > 4 && bytes.readUInt32LE(0) === 0xfd2fb528) return zstdDecompressSync(bytes)
  // Brotli has no mark of its own.
  if (bytes.length > 0 && !/^[\s\x20-\x7e]/.test(String.fromCharCode(bytes[0] ?? 0))) {
    try {
      return brotliDecompressSync(bytes)
    } catch {
      return bytes
    }
  }
  return bytes
}

function typeOf({ headers, content }: Json, bytes: Buffer): string | undefined {
  const har = content as { mimeType?: string } | undefined
  if (har?.mimeType) return har.mimeType
  const pairs = Array.isArray(headers)
    ? headers.flatMap((one, i) => (i % 2 === 0 ? [[one, headers[i + 1]]] : []))
    : Object.entries((headers ?? {}) as Json)
  const found = pairs.find(([name]) => String(name).toLowerCase() === 'content-type')?.[1]
  const type = Array.isArray(found) ? String(found[0]) : found === undefined ? undefined : String(found)
  // What was parsed when it was kept is JSON, whatever it is said to be.
  return type ?? (bytes[0] === 0x7b ? 'application/json' : undefined)
}
