import type { FunctionAsk, HttpAsk } from '../boundary/tape.ts'
import type { JsonValue } from '../core/json.ts'
import type { HeaderList, HttpRequest, Interaction } from '../model/interaction.ts'
import type { HeaderNames } from './canonical-call.ts'
import { isMeaningful } from './counting-headers.ts'

/** Texts up to this length are their own sample, characters. */
const WHOLE = 1024

/** How many pieces a longer text is sampled at, and how long each is, characters. */
const PIECES = 16
const PIECE = 64

/** How deep and how widely a value is sampled, and at how many characters of a text's end. */
const DEPTH = 4
const KEYS = 12
const EDGE = 32

/** What calls that are equal have in common for certain, and others hardly: their queue in the index. */
export interface CallKey {
  target: string
  sample: string
}

/** A request as it is compared, its body as text; null where the body is no text. */
export interface TextRequest {
  method: string
  url: string
  headers: HeaderList
  text: string
}

/** The key of a recorded call; null for one that is not looked up by its bytes. */
export function keyOfInteraction(interaction: Interaction): CallKey | null {
  if (interaction.kind !== 'http') return keyOfFunction(interaction.kind, interaction.name, interaction.args)
  const { method, url, body } = interaction.request
  if (body !== null && !('text' in body)) return null
  return { target: `http ${method} ${url}`, sample: sampleOf(body?.text ?? '') }
}

/** The key of a request that an agent makes now. */
export function keyOfRequest({ method, url, text }: TextRequest): CallKey {
  return { target: `http ${method} ${url}`, sample: sampleOf(text) }
}

/** The key of a call of a wrapped function. */
export function keyOfFunction(kind: FunctionAsk['kind'], name: string, args: unknown): CallKey {
  return { target: `${kind} ${name}`, sample: sampleOfJson(args, DEPTH) }
}

/** Cheaper than a digest of all: calls that share a sample are compared as a whole, which costs what reading them does. */
function sampleOf(text: string): string {
  if (text.length <= WHOLE) return text
  let sample = `${text.length}`
  const stride = (text.length - PIECE) / (PIECES - 1)
  for (let i = 0; i < PIECES; i++) {
    const start = Math.floor(i * stride)
    sample += text.slice(start, start + PIECE)
  }
  return sample
}

/** The shape of a value, and what stands at the end of it: there is what is new in a history. */
function sampleOfJson(value: unknown, depth: number): string {
  if (typeof value === 'string') return value.length <= EDGE ? value : `${value.length}"${value.slice(-EDGE)}`
  if (typeof value !== 'object' || value === null) return String(value)
  if (depth === 0) return '.'
  if (Array.isArray(value)) return `[${value.length} ${sampleOfJson(value.at(-1), depth - 1)}`
  let sample = '{'
  let left = KEYS
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue
    if (left-- === 0) break
    sample += `${key}:${sampleOfJson((value as Record<string, unknown>)[key], depth - 1)} `
  }
  return sample
}

/**
 * True when a recorded request asks byte for byte what is asked now. Its method and address are those of the key.
 *
 * @param counted Headers that are part of the question beside those that always are.
 */
export function isSameRequest({ headers, text }: TextRequest, recorded: HttpRequest, counted?: HeaderNames): boolean {
  const { body } = recorded
  if (body === null ? text !== '' : !('text' in body) || body.text !== text) return false
  return sayTheSame(headers, recorded.headers, counted)
}

/** The headers that change what is asked, or how its bytes are to be read. */
function sayTheSame(a: HeaderList, b: HeaderList, counted?: HeaderNames): boolean {
  let at = 0
  for (const [name, value] of a) {
    if (!isRead(name, counted)) continue
    while (at < b.length && !isRead((b[at] as [string, string])[0], counted)) at++
    const other = b[at++]
    if (other === undefined || other[0] !== name || other[1] !== value) return false
  }
  while (at < b.length && !isRead((b[at] as [string, string])[0], counted)) at++
  return at === b.length
}

function isRead(name: string, counted?: HeaderNames): boolean {
  return name === 'content-type' || isMeaningful(name) || counted?.has(name) === true
}

/** The body of a request as text, where it is text. */
export function asText(body: HttpAsk['body']): string | null {
  if (body === null) return ''
  if (typeof body === 'string') return body
  try {
    return utf8.decode(body)
  } catch {
    return null
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** True when a live value is plain JSON, and just the recorded one, the order of keys included. */
export function isSameJson(live: unknown, recorded: JsonValue | undefined): boolean {
  if (typeof live !== 'object' || live === null) return Object.is(live, recorded) && typeof live !== 'undefined'
  if (typeof recorded !== 'object' || recorded === null) return false
  if (Array.isArray(live)) return isSameArray(live, recorded)
  if (Array.isArray(recorded)) return false
  const prototype = Object.getPrototypeOf(live)
  if (prototype !== Object.prototype && prototype !== null) return false
  if (Object.getOwnPropertySymbols(live).length > 0) return false
  const keys = Object.keys(recorded)
  let at = 0
  for (const key in live) {
    if (!Object.hasOwn(live, key)) continue
    if (key !== keys[at++]) return false
    if (!isSameJson((live as Record<string, unknown>)[key], recorded[key])) return false
  }
  if (at !== keys.length) return false
  return typeof (live as { toJSON?: unknown }).toJSON !== 'function'
}

function isSameArray(live: unknown[], recorded: JsonValue): boolean {
  if (!Array.isArray(recorded) || live.length !== recorded.length) return false
  if (Object.getPrototypeOf(live) !== Array.prototype) return false
  for (let i = 0; i < live.length; i++) if (!isSameJson(live[i], recorded[i])) return false
  return true
}
