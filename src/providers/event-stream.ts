import { parseJson } from '../core/json.ts'
import { type EventMessage, readMessages, writeMessage } from '../model/event-stream.ts'
import type { HttpAnswer } from '../model/interaction.ts'
import type { StreamEvent } from './read-body.ts'
import { fieldOf, stringOf } from './wire.ts'

/** The name under which an exception within a stream is handed on, with `type` and `message` as its JSON. */
export const EXCEPTION = 'exception'

/** How long the value of a header is, bytes, by its type; types 6 and 7 say so themselves. */
const LENGTHS: Record<number, number> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 }
const BYTES = 6
const TEXT = 7

/**
 * The messages of a binary event stream: an event by its type, an exception or an error as `exception`. A damaged one has no
 * JSON, and is the last.
 */
export function readEventStream({ chunks }: HttpAnswer): StreamEvent[] {
  const events: StreamEvent[] = []
  for (const [at_ms, message] of readMessages(chunks)) {
    events.push({ ...((message && readEvent(message)) ?? { name: null, json: undefined, data: '' }), at_ms })
  }
  return events
}

/** Null for an event whose headers cannot be read. */
function readEvent({ headers: coded, payload }: EventMessage): Omit<StreamEvent, 'at_ms'> | null {
  const headers = readHeaders(coded)
  if (headers === null) return null
  const data = payload.toString('utf8')
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

/**
 * The message of an event as it goes over the wire.
 *
 * @param kind `event`, or `exception` for one that ends the stream.
 */
export function writeEvent(type: string, payload: unknown, kind: 'event' | 'exception' = 'event'): Buffer {
  const headers = Object.entries({
    [`:${kind}-type`]: type,
    ':content-type': 'application/json',
    ':message-type': kind,
  }).map(([name, value]) =>
    Buffer.concat([
      Buffer.from([name.length]),
      Buffer.from(name),
      Buffer.from([TEXT, 0, value.length]),
      Buffer.from(value),
    ]),
  )
  return writeMessage(Buffer.concat(headers), Buffer.from(JSON.stringify(payload)))
}
