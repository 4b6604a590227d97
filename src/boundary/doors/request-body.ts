import { Readable } from 'node:stream'

/** Bytes of a body that is at hand; undefined when it is a stream and has to be read. */
export function bodyAtHand(body: unknown): Uint8Array | null | undefined {
  if (body === undefined || body === null) return null
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return body
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
  if (body instanceof URLSearchParams) return Buffer.from(body.toString())
  return undefined
}

/** Reads a streamed body to its end. */
export async function readBody(body: unknown): Promise<Uint8Array | null> {
  const atHand = bodyAtHand(body)
  if (atHand !== undefined) return atHand
  const parts: Uint8Array[] = []
  for await (const chunk of toIterable(body)) parts.push(toBytes(chunk))
  return Buffer.concat(parts)
}

/** True for a body whose bytes are all there, so that reading it to its end has an end. */
export function isAllThere(body: unknown): boolean {
  return body instanceof Blob || body instanceof FormData
}

function toIterable(body: unknown): AsyncIterable<unknown> | Iterable<unknown> {
  if (body instanceof Readable) return body
  if (typeof (body as Blob).stream === 'function') return (body as Blob).stream()
  if (typeof FormData !== 'undefined' && body instanceof FormData) {
    return (new Response(body).body ?? []) as AsyncIterable<unknown>
  }
  return body as AsyncIterable<unknown>
}

/** Bytes of a piece of a body. */
export function toBytes(chunk: unknown): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array)
}
