import { parseJson } from '../../core/json.ts'
import { type HeaderList, headerValue, type Payload, toPayload } from '../../model/interaction.ts'
import { codedBytes, fromHex, textPayload } from '../entries/decode-text.ts'
import { type EntryPlace, entryError } from '../entries/entry.ts'
import { type Budget, removeCoding } from '../entries/remove-coding.ts'
import type { HarEntry } from './har-entry.ts'

/** The body of an answer, content coding removed. */
export interface AnswerBody {
  /** Null when the body is empty or not in the HAR. */
  payload: Payload | null
  /** `missing`: there was a body, but the HAR does not hold it. `lossy`: half surrogates were replaced. */
  remark: 'missing' | 'lossy' | null
}

/** What else of the entry tells how its body is to be read. */
export interface BodyContext {
  method: string
  headers: HeaderList
  place: EntryPlace
  budget: Budget
}

/**
 * Reads the body of an answer in any of the forms that HAR writers use: text, base64, hex (`_isBinary` of Polly.js
 * before version 5), and Polly's JSON list of separately coded chunks of a body that is still content-coded.
 *
 * @throws RetrialError `ERR_INTERCHANGE_BODY` for a body that cannot be decoded, `ERR_INTERCHANGE_BOMB` for one that
 * unpacks to more than 64 MB or a thousand times its size
 */
export function readAnswerBody(response: HarEntry['response'], context: BodyContext): AnswerBody {
  const content = response.content ?? {}
  if (!content.text) return { payload: null, remark: isMissing(response, context) ? 'missing' : null }
  const coding = context.headers.filter(([name]) => name === 'content-encoding').map(([, value]) => value)
  const encoding = encodingOf(content, coding.length > 0)
  if (encoding === 'utf8' || encoding === 'utf-8') {
    const { payload, lossy } = textPayload(content.text)
    return { payload, remark: lossy ? 'lossy' : null }
  }
  if (encoding !== 'base64' && encoding !== 'hex') {
    const reason = `unknown encoding ${JSON.stringify(encoding)} of the answer's body`
    throw entryError(context.place, 'ERR_INTERCHANGE_BODY', reason)
  }
  const isList = content.text.startsWith('[')
  const parts = isList ? readList(content.text, context.place) : [content.text]
  const bytes = Buffer.concat(parts.map((part) => codedBytes(part, encoding, "answer's body", context.place)))
  const uncoded = removeCoding(bytes, coding.join(','), isList, content.size ?? -1, context.budget)
  if ('failure' in uncoded) {
    const code = uncoded.failure === 'bomb' ? 'ERR_INTERCHANGE_BOMB' : 'ERR_INTERCHANGE_BODY'
    throw entryError(context.place, code, uncoded.reason)
  }
  return { payload: uncoded.bytes.length === 0 ? null : toPayload(uncoded.bytes), remark: null }
}

type Content = NonNullable<HarEntry['response']['content']>

function encodingOf(content: Content, coded: boolean): string {
  const encoding = content.encoding?.toLowerCase()
  if (encoding) return encoding
  return content._isBinary || (coded && isHexList(content.text ?? '')) ? 'hex' : 'utf8'
}

// The oldest Polly files list hex chunks without saying so; served as text they would be a wrong answer.
function isHexList(text: string): boolean {
  if (!/^\["[0-9a-f]{2}/.test(text)) return false
  const list = parseJson(text)
  return Array.isArray(list) && list.every((part) => typeof part === 'string' && fromHex(part) !== null)
}

function readList(text: string, place: EntryPlace): string[] {
  const list = parseJson(text)
  if (Array.isArray(list) && list.every((part) => typeof part === 'string')) return list
  throw entryError(place, 'ERR_INTERCHANGE_BODY', "the answer's body starts as a list of chunks, but is none")
}

// Served as an empty body, a body that was merely not exported would be a wrong answer.
function isMissing(response: HarEntry['response'], context: BodyContext): boolean {
  const { status, content } = response
  if (context.method === 'HEAD' || status === 204 || status === 205 || status === 304) return false
  if ((content?.size ?? 0) > 0 || (response.bodySize ?? 0) > 0) return true
  if (Number(headerValue(context.headers, 'content-length') ?? 0) > 0) return true
  return (headerValue(context.headers, 'content-type') ?? '').includes('text/event-stream')
}
