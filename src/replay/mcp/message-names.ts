import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../core/json.ts'
import {
  type HttpAnswer,
  type HttpInteraction,
  type HttpRequest,
  type Interaction,
  payloadText,
} from '../../model/interaction.ts'
import { readMcpRequest } from '../../providers/mcp/read-request.ts'
import { type Edit, editPieces } from '../edit-pieces.ts'
import type { EvidenceMatch } from '../evidence-index.ts'
import { locateMember, type Span } from './locate-member.ts'

/** Under which names a client of MCP asked then and asks now: answers bear them. Each as JSON. */
export interface MessageNames {
  ids: ReadonlyMap<string, string>
  /** Of the progress that is told. */
  tokens: ReadonlyMap<string, string>
}

/** What differs in the names of two equal messages; null when nothing does, and for what is no MCP. */
export function compareNames(recorded: HttpRequest, asked: HttpRequest): MessageNames | null {
  if (readMcpRequest(asked) === null) return null
  const [from, to] = [messagesOf(recorded), messagesOf(asked)]
  const ids = new Map<string, string>()
  const tokens = new Map<string, string>()
  for (const [i, message] of from.entries()) {
    const other = to[i] ?? {}
    if (typeof message.method !== 'string') continue
    add(ids, message.id, other.id)
    add(tokens, tokenOf(message), tokenOf(other))
  }
  return ids.size + tokens.size === 0 ? null : { ids, tokens }
}

/** The grade of a match: one whose message only goes by another name is renamed. */
export function gradeByNames(
  { entry, grade, note }: EvidenceMatch,
  asked: Interaction,
): Pick<EvidenceMatch, 'grade' | 'note'> {
  const [was, is] = [requestOf(entry.interaction), requestOf(asked)]
  const names = was && is && compareNames(was, is)
  if (!names) return { grade, ...(note !== undefined && { note }) }
  const named = `JSON-RPC ${[...describe('id', names.ids), ...describe('progress token', names.tokens)].join(', ')}`
  return { grade: grade === 'exact' ? 'renamed' : grade, note: note === undefined ? named : `${note}; ${named}` }
}

function describe(what: string, names: ReadonlyMap<string, string>): string[] {
  return [...names].map(([from, to]) => `${what} ${from} → ${to}`)
}

/** The request of an HTTP call. */
export function requestOf(interaction: Interaction): HttpRequest | undefined {
  return interaction.kind === 'http' ? interaction.request : undefined
}

function messagesOf({ body }: HttpRequest): JsonObject[] {
  const message = body === null ? undefined : parseJson(payloadText(body))
  return (Array.isArray(message) ? message : [message]).map((one) => (isJsonObject(one) ? one : {}))
}

function tokenOf({ params }: JsonObject): JsonValue | undefined {
  return isJsonObject(params) && isJsonObject(params._meta) ? params._meta.progressToken : undefined
}

function add(names: Map<string, string>, from: JsonValue | undefined, to: JsonValue | undefined): void {
  if (from !== undefined && to !== undefined && from !== to) names.set(JSON.stringify(from), JSON.stringify(to))
}

/** A recorded answer under the names of this replay, where there are others. */
export function renameMessages(recorded: HttpInteraction, names: MessageNames | null): HttpInteraction {
  const { answer } = recorded
  if (names === null || answer === null || !answer.chunks.every(([, data]) => 'text' in data)) return recorded
  const pieces = answer.chunks.map(([, data]) => payloadText(data))
  const edits = findEdits(pieces.join(''), names)
  if (edits.length === 0) return recorded
  const texts = editPieces(pieces, edits)
  const chunks = answer.chunks.map(([offset], i): HttpAnswer['chunks'][number] => [offset, { text: texts[i] ?? '' }])
  // Another id may be longer, and a client that counts would find the answer too long.
  const length = String(Buffer.byteLength(texts.join('')))
  const headers = answer.headers.map(([name, value]): [string, string] =>
    name === 'content-length' ? [name, length] : [name, value],
  )
  return { ...recorded, answer: { ...answer, headers, chunks } }
}

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId'

/** Where a message of the server names something that the client named. */
const PLACES: readonly { keys: readonly string[]; of: keyof MessageNames }[] = [
  { keys: ['id'], of: 'ids' },
  { keys: ['params', 'progressToken'], of: 'tokens' },
  { keys: ['params', '_meta', SUBSCRIPTION], of: 'ids' },
  { keys: ['result', '_meta', SUBSCRIPTION], of: 'ids' },
]

function findEdits(text: string, names: MessageNames): Edit[] {
  return findDocuments(text).flatMap(({ from, to }) => {
    const document = text.slice(from, to)
    const message = parseJson(document)
    if (!isJsonObject(message)) return []
    return PLACES.flatMap(({ keys, of }) => {
      // An id that the server gave is its own.
      if (keys[0] === 'id' && 'method' in message) return []
      const place = locateMember(document, keys)
      const renamed = place && names[of].get(document.slice(place.from, place.to))
      return place && renamed !== undefined && renamed !== null
        ? [{ from: from + place.from, to: from + place.to, text: renamed }]
        : []
    }).sort((a, b) => a.from - b.from)
  })
}

/** The JSON documents of an answer: one as a whole, or one a line, in a stream of events or without. */
function findDocuments(text: string): Span[] {
  if (parseJson(text) !== undefined) return [{ from: 0, to: text.length }]
  return [...text.matchAll(/^(?:data: ?)?(\{.*\})\s*$/gm)].map((match) => {
    const from = match.index + match[0].indexOf('{')
    return { from, to: from + (match[1]?.length ?? 0) }
  })
}
