import { crc32 } from '../core/crc32.ts'
import { isJsonObject, parseJson } from '../core/json.ts'
import { type HeaderList, type HttpAnswer, headerValue, type Payload, payloadBytes, toPayload } from './interaction.ts'

/** Content type of the binary event streams of AWS. */
export const EVENT_STREAM = 'application/vnd.amazon.eventstream'

/** Lengths and checksum before the headers of a message, and the checksum behind its payload, bytes. */
const PRELUDE = 12
const CHECKSUM = 4

/** One message of a binary event stream, its headers as they are coded. */
export interface EventMessage {
  headers: Buffer
  payload: Buffer
  /** All of it, as it goes over the wire. */
  bytes: Buffer
}

/** True for an answer that is a binary event stream. */
export function isEventStream(headers: HeaderList): boolean {
  return headerValue(headers, 'content-type')?.toLowerCase().startsWith(EVENT_STREAM) === true
}

/**
 * The messages of a stream, each with the time at which it was complete; null stands for one whose lengths or checksums do not
 * fit, behind which nothing can be read. One that broke off is left out.
 */
export function* readMessages(chunks: HttpAnswer['chunks']): Generator<[at_ms: number, message: EventMessage | null]> {
  let rest: Buffer = Buffer.alloc(0)
  for (const [at_ms, payload] of chunks) {
    rest = Buffer.concat([rest, payloadBytes(payload)])
    while (rest.length >= PRELUDE) {
      const length = rest.readUInt32BE(0)
      const isSound = crc32(rest.subarray(0, 8)) === rest.readUInt32BE(8)
      if (isSound && length > rest.length) break
      const message = isSound ? readMessage(rest.subarray(0, length)) : null
      yield [at_ms, message]
      if (message === null) return
      rest = rest.subarray(length)
    }
  }
}

function readMessage(bytes: Buffer): EventMessage | null {
  if (bytes.length < PRELUDE + CHECKSUM) return null
  const end = bytes.length - CHECKSUM
  const headersEnd = PRELUDE + bytes.readUInt32BE(4)
  if (headersEnd > end || crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) return null
  return { headers: bytes.subarray(PRELUDE, headersEnd), payload: bytes.subarray(headersEnd, end), bytes }
}

/** A message as it goes over the wire. */
export function writeMessage(headers: Buffer, payload: Buffer): Buffer {
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(PRELUDE + headers.length + payload.length + CHECKSUM, 0)
  lengths.writeUInt32BE(headers.length, 4)
  const message = Buffer.concat([lengths, checksum(lengths), headers, payload])
  return Buffer.concat([message, checksum(message)])
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(CHECKSUM)
  sum.writeUInt32BE(crc32(bytes))
  return sum
}

/** What a message says: the text of its payload, or that which its payload holds in an envelope of `bytes`. */
export function messageText({ payload }: EventMessage): string {
  return openEnvelope(payload)?.text ?? payload.toString('utf8')
}

function openEnvelope(payload: Buffer): { text: string; close(text: string): string } | null {
  const body = parseJson(payload.toString('utf8'))
  if (!isJsonObject(body) || typeof body.bytes !== 'string') return null
  const text = Buffer.from(body.bytes, 'base64').toString('utf8')
  return { text, close: (changed) => JSON.stringify({ ...body, bytes: Buffer.from(changed).toString('base64') }) }
}

/**
 * A stream in which what each message says is changed; the messages that change come when they were complete. What cannot be
 * read stays as it is.
 */
export function mapEventStream(chunks: HttpAnswer['chunks'], change: (text: string) => string): HttpAnswer['chunks'] {
  let isChanged = false
  let read = 0
  const mapped: [number, Buffer][] = []
  for (const [at_ms, message] of readMessages(chunks)) {
    if (message === null) break
    read += message.bytes.length
    const envelope = openEnvelope(message.payload)
    const text = envelope?.text ?? message.payload.toString('utf8')
    const changed = change(text)
    isChanged ||= changed !== text
    const payload = Buffer.from(envelope === null ? changed : envelope.close(changed))
    mapped.push([at_ms, changed === text ? message.bytes : writeMessage(message.headers, payload)])
  }
  return isChanged ? [...mapped.map(asChunk), ...behind(chunks, read)] : chunks
}

/** What stands behind the first bytes of a stream. */
function behind(chunks: HttpAnswer['chunks'], skipped: number): HttpAnswer['chunks'] {
  let left = skipped
  return chunks.flatMap(([at_ms, payload]) => {
    const bytes = payloadBytes(payload)
    const rest = bytes.subarray(Math.min(left, bytes.length))
    left -= bytes.length - rest.length
    return rest.length === 0 ? [] : [asChunk([at_ms, rest])]
  })
}

function asChunk([at_ms, bytes]: [number, Buffer]): [number, Payload] {
  return [at_ms, toPayload(bytes)]
}
