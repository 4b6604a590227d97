import { crc32 } from 'node:zlib'
import { parseJson } from '../core/json.ts'
import { type HttpAnswer, headerValue, payloadBytes } from '../model/interaction.ts'
import type { StreamEvent } from './read-body.ts'
import { fieldOf, stringOf } from './wire.ts'

/** Content type of the binary event streams of AWS. */
export const EVENT_STREAM = 'application/vnd.amazon.eventstream'

/** Lengths and checksum before the headers of a message, and the checksum behind its payload, bytes. */
const PRELUDE = 12
const CHECKSUM = 4

/** The name under which an exception within a stream is handed on, with `type` and `message` as its JSON. */
export const EXCEPTION = 'exception'

/** How long the value of a header is, bytes, by its type; types 6 and 7 say so themselves. */
const LENGTHS: Record<number, number> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 }
const BYTES = 6
const TEXT = 7

/** True for an answer that is a binary event stream. */
export function isEventStream(answer: HttpAnswer): boolean {
  return headerValue(answer.headers, 'content-type')?.toLowerCase().startsWith(EVENT_STREAM) === true
}

/**
 * The messages of a binary event stream, each with the time at which it was complete: an event by its type, an exception or an
 * error as `exception`. One that broke off is left out; from one whose checksums do not fit on, nothing can be read.
 */
export function readEventStream(answer: HttpAnswer): StreamEvent[] {
  const events: StreamEvent[] = []
  let rest: Buffer = Buffer.alloc(0)
  for (const [at_ms, payload] of answer.chunks) {
    rest = Buffer.concat([rest, payloadBytes(payload)])
    while (rest.length >= PRELUDE) {
      const length = rest.readUInt32BE(0)
      const isSound = crc32(rest.subarray(0, 8)) === rest.readUInt32BE(8)
      if (isSound && length > rest.length) break
      const message = isSound ? readMessage(rest.subarray(0, length)) : null
      if (message === null) return [...events, { name: null, json: undefined, data: '', at_ms }]
      events.push({ ...message, at_ms })
      rest = rest.subarray(length)
    }
  }
  return events
}

/** Null for a message that is damaged. */
function readMessage(message: Buffer): Omit<StreamEvent, 'at_ms'> | null {
  const end = message.length - CHECKSUM
  const headersEnd = PRELUDE + message.readUInt32BE(4)
  if (headersEnd > end || crc32(message.subarray(0, end)) !== message.readUInt32BE(end)) return null
  const headers = readHeaders(message.subarray(PRELUDE, headersEnd))
  if (headers === null) return null
  const data = message.subarray(headersEnd, end).toString('utf8')
  const json = data === '' ? {} : parseJson(data)
  const kind = headers.get(':message-type') ?? 'event'
  if (kind === 'event') return { name: headers.get(':event-type') ?? null, json, data }
  const type = headers.get(':exception-type') ?? headers.get(':error-code') ?? kind
  const told = stringOf(fieldOf(json, 'message')) ?? stringOf(fieldOf(json, 'Message'))
  return { name: EXCEPTION, json: { type, message: told ?? headers.get(':error-message') ?? data }, data }
}

/** The headers that are text; null when they cannot be read. */
function readHeaders(bytes: Buffer): Map<string, string> | null {
  const headers = new Map<string, string>()
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + bytes.readUInt8(at)
    if (nameEnd >= bytes.length) return null
    const type = bytes.readUInt8(nameEnd)
    const isLong = type === BYTES || type === TEXT
    if (isLong && nameEnd + 3 > bytes.length) return null
    const start = nameEnd + (isLong ? 3 : 1)
    const length = isLong ? bytes.readUInt16BE(nameEnd + 1) : LENGTHS[type]
    if (length === undefined || start + length > bytes.length) return null
    if (type === TEXT) {
      headers.set(bytes.toString('utf8', at + 1, nameEnd), bytes.toString('utf8', start, start + length))
    }
    at = start + length
  }
  return headers
}

/** The message of an event as it goes over the wire. */
export function writeEvent(type: string, payload: unknown): Buffer {
  const headers = Buffer.concat(
    Object.entries({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }).map(
      ([name, value]) =>
        Buffer.concat([byte(name.length), Buffer.from(name), byte(TEXT), short(value.length), Buffer.from(value)]),
    ),
  )
  const body = Buffer.from(JSON.stringify(payload))
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(PRELUDE + headers.length + body.length + CHECKSUM, 0)
  lengths.writeUInt32BE(headers.length, 4)
  const message = Buffer.concat([lengths, checksum(lengths), headers, body])
  return Buffer.concat([message, checksum(message)])
}

function byte(value: number): Buffer {
  return Buffer.from([value])
}

function short(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(CHECKSUM)
  sum.writeUInt32BE(crc32(bytes))
  return sum
}
