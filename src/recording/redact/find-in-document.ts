import { applyEdits, type Edit, spreadEdits } from './edits.ts'
import { findInText, isPlausible, type Range } from './find-in-text.ts'
import { isSecretName } from './is-secret-name.ts'
import { decodeString, type Frame, type JsonString, type LexVisitor, lexJson, mapEscapes } from './lex-json.ts'
import { isDistinctive, type TokenBook } from './tokens.ts'

/** What a search goes by: the known secrets, and further names and patterns. */
export interface SearchRules {
  book: TokenBook
  patterns: readonly RegExp[]
  names: ReadonlySet<string>
}

const MAX_LEVELS = 5
const MAX_BASE64 = 256 * 1024

/** Members whose value is opaque to all but the provider that made it, and must come back unchanged. */
const OPAQUE = new Set(['signature', 'encrypted_content', 'thought_signature', 'thoughtSignature', 'redacted_thinking'])

/** Members of a stream's events that carry a piece of a longer text. */
const PIECES = new Set(
  'content text arguments partial_json thinking delta reasoning reasoning_content refusal input response completion'.split(
    ' ',
  ),
)
const PIECE_IDS = new Set(['index', 'output_index', 'content_index', 'item_id'])

/**
 * Finds the secrets of a text that may be JSON, a stream of events or lines of JSON, and may hold any of these in its strings, also
 * in base64, or cut in pieces over the events. Returns what to replace, in order; remembers what it finds.
 */
export function findInDocument(text: string, rules: SearchRules, level = 0): Edit[] {
  if (text === '' || level > MAX_LEVELS) return plainEdits(text, rules)
  if (isStream(text)) return findInStream(text, rules, level)
  if (!/^\s*[[{"]/.test(text)) return plainEdits(text, rules)
  const edits: Edit[] = []
  const visitor: LexVisitor = { string: (token) => void edits.push(...findInString(text, token, rules, level)) }
  const end = lexJson(text, 0, text.length, visitor)
  return [...edits, ...shiftEdits(plainEdits(text.slice(end), rules), end)]
}

/** True for a stream of events, and for lines of JSON. */
function isStream(text: string): boolean {
  const feed = text.indexOf('\n')
  if (feed === -1) return text.startsWith('data:') && /^data:\s?[[{]/.test(text)
  if (/^(?:(?:data|event|id|retry):|:)/.test(text)) return text.startsWith('data:') || text.includes('\ndata:')
  return text[0] === '{' && /^\}\r?\n\s{0,4}\{/.test(text.slice(feed - (text[feed - 1] === '\r' ? 2 : 1), feed + 6))
}

/** The edits of one string of a JSON text, in positions of that text. */
export function findInString(text: string, token: JsonString, rules: SearchRules, level: number): Edit[] {
  const raw = text.slice(token.start, token.end)
  if (raw.length < 6) return []
  const decoded = decodeString(raw)
  if (decoded === null) return shiftEdits(plainEdits(raw, rules), token.start)
  const edits = findInDecoded(decoded, token.isKey ? '' : token.name, rules, level)
  return edits.length === 0 ? [] : encodeEdits(raw, edits, token.start)
}

function findInDecoded(decoded: string, name: string, rules: SearchRules, level: number): Edit[] {
  if (name !== '' && (isSecretName(name) || rules.names.has(name.toLowerCase()))) {
    const scheme = /^(?:bearer|basic|token|digest|apikey)\s+/i.exec(decoded)?.[0].length ?? 0
    const value = decoded.slice(scheme)
    if (isPlausible(name, value)) return toEdits(decoded, [{ start: scheme, end: decoded.length }], rules)
  }
  if (OPAQUE.has(name)) return toEdits(decoded, rules.book.find(decoded), rules)
  const inner = findInBase64(decoded, rules, level)
  return inner ?? findInDocument(decoded, rules, level + 1)
}

/** Text in base64 is searched and encoded again; other long base64 (an image, say) is left alone. Null when it is no base64. */
function findInBase64(text: string, rules: SearchRules, level: number): Edit[] | null {
  if (text.startsWith('data:') && text.slice(0, 200).includes(';base64,'))
    return toEdits(text, rules.book.find(text), rules)
  if (text.length < 24 || text.length > MAX_BASE64 * 64 || !/^[A-Za-z0-9+/_-]{24}/.test(text)) return null
  const standard = text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)
  if (standard && text.length <= MAX_BASE64) {
    const decoded = Buffer.from(text, 'base64').toString('utf8')
    if (/^[\x20-\x7e\s]{16}/.test(decoded) && !decoded.includes('\ufffd')) {
      const edits = findInDocument(decoded, rules, level + 1)
      const encoded = Buffer.from(applyEdits(decoded, edits)).toString('base64')
      if (edits.length > 0) return [{ start: 0, end: text.length, text: encoded }]
    }
  }
  const opaque = text.length > 512 && (standard || /^[A-Za-z0-9_-]+={0,2}$/.test(text))
  return opaque ? toEdits(text, rules.book.find(text), rules) : null
}

/** A piece of a longer text that a stream carries. */
interface Piece {
  token: JsonString
  decoded: string
}

/** Events or lines, each of which may hold JSON. Pieces of one text are joined before they are searched. */
function findInStream(text: string, rules: SearchRules, level: number): Edit[] {
  const edits: Edit[] = []
  const lanes = new Map<string, Piece[]>()
  for (const [start, end] of payloads(text)) {
    const pieces: [piece: Piece, frames: Frame[]][] = []
    const visitor: LexVisitor = {
      scalar: (from, to, stack) => noteId(text.slice(from, to), stack),
      string(token, stack) {
        if (!token.isKey) noteId(text.slice(token.start, token.end), stack)
        const decoded = !token.isKey && PIECES.has(token.name) ? decodeString(text.slice(token.start, token.end)) : null
        if (decoded === null) edits.push(...findInString(text, token, rules, level))
        else pieces.push([{ token, decoded }, [...stack]])
      },
    }
    const stop = lexJson(text, start, end, visitor)
    edits.push(...shiftEdits(plainEdits(text.slice(stop, end), rules), stop))
    // Only at the end of an event are all its ids known.
    for (const [piece, frames] of pieces) {
      const lane = laneOf(piece, frames)
      const known = lanes.get(lane)
      if (known === undefined) lanes.set(lane, [piece])
      else known.push(piece)
    }
  }
  for (const lane of lanes.values()) edits.push(...findInLane(text, lane, rules, level))
  return edits.sort((a, b) => a.start - b.start)
}

function findInLane(text: string, lane: Piece[], rules: SearchRules, level: number): Edit[] {
  const joined = lane.map((piece) => piece.decoded).join('')
  const found = findInDecoded(joined, '', rules, level)
  if (found.length === 0) return []
  const spread = spreadEdits(
    found,
    lane.map((piece) => piece.decoded.length),
  )
  return lane.flatMap(({ token }, i) =>
    encodeEdits(text.slice(token.start, token.end), spread[i] as Edit[], token.start),
  )
}

function noteId(value: string, stack: readonly Frame[]): void {
  const top = stack.at(-1)
  if (top === undefined || top.array) return
  // The type of an event tells texts apart; that of a part may stand in its first event only.
  if (PIECE_IDS.has(top.key) || (top.key === 'type' && stack.length === 1)) top.ids += `${top.key}=${value};`
}

/** Which of the texts of a stream a piece belongs to. */
function laneOf({ token }: Piece, frames: Frame[]): string {
  return `${frames.map((frame) => `${frame.name}[${frame.ids}]`).join('.')}.${token.name}`
}

/** Where the payload of each line stands, without the `data:` of an event. */
function* payloads(text: string): Generator<[start: number, end: number]> {
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf('\n', start)
    const end = feed === -1 ? text.length : feed
    yield [text.startsWith('data:', start) ? start + 5 : start, end]
    start = end + 1
  }
}

/** Edits for the secrets of a plain text. */
export function plainEdits(text: string, rules: SearchRules): Edit[] {
  return toEdits(text, findInText(text, rules.book, rules.patterns), rules)
}

/** Replaces ranges by their tokens: in order, those that overlap as one. What is distinctive is remembered. */
function toEdits(text: string, ranges: Range[], { book }: SearchRules): Edit[] {
  const merged: Range[] = []
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last === undefined || range.start >= last.end) merged.push({ ...range })
    else last.end = Math.max(last.end, range.end)
  }
  return merged.map(({ start, end }) => {
    const secret = text.slice(start, end)
    if (isDistinctive(secret)) book.learn(secret)
    return { start, end, text: book.token(secret) }
  })
}

/** Edits of a decoded string as edits of the raw one. Tokens need no escapes. */
function encodeEdits(raw: string, edits: Edit[], offset: number): Edit[] {
  if (!raw.includes('\\')) return shiftEdits(edits, offset)
  const starts = mapEscapes(raw)
  return edits.map(({ start, end, text }) => ({
    start: offset + (starts[start] ?? raw.length),
    end: offset + (starts[end] ?? raw.length),
    text: JSON.stringify(text).slice(1, -1),
  }))
}

/** The same edits further on. */
export function shiftEdits(edits: Edit[], offset: number): Edit[] {
  if (offset === 0) return edits
  return edits.map(({ start, end, text }) => ({ start: start + offset, end: end + offset, text }))
}
