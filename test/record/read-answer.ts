import http from 'node:http'
import axios from 'axios'
import got from 'got'
import * as undici from 'undici'

/** What a client got. */
export interface Got {
  status: number
  /** As the client shows it. */
  headers: Record<string, unknown>
  body: Buffer
}

/** How clients read an answer piece by piece; `onPiece` is told of each as it comes, and `signal` makes the client give up. */
export type Reader = (url: string, onPiece?: (piece: Buffer) => void, signal?: AbortSignal) => Promise<Got>

async function collect(pieces: AsyncIterable<unknown>, onPiece?: (piece: Buffer) => void): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const piece of pieces) {
    parts.push(Buffer.from(piece as Uint8Array))
    onPiece?.(parts.at(-1) as Buffer)
  }
  return Buffer.concat(parts)
}

/** One reader for each way through the doors. */
export const READERS: Record<string, Reader> = {
  fetch: async (url, onPiece, signal) => {
    const response = await fetch(url, { signal: signal ?? null })
    const body = response.body === null ? Buffer.alloc(0) : await collect(response.body, onPiece)
    // An object made of its entries would keep the last cookie only.
    const headers = { ...Object.fromEntries(response.headers), 'set-cookie': response.headers.getSetCookie() }
    return { status: response.status, headers, body }
  },
  'undici request': async (url, onPiece, signal) => {
    const { statusCode, headers, body } = await undici.request(url, { signal: signal ?? null })
    return { status: statusCode, headers, body: await collect(body, onPiece) }
  },
  'http.get': (url, onPiece, signal) =>
    new Promise((resolve, reject) => {
      const request = http.get(url, { signal }, (response) => {
        const { statusCode = 0, headers } = response
        collect(response, onPiece).then((body) => resolve({ status: statusCode, headers, body }), reject)
      })
      request.on('error', reject)
    }),
  axios: async (url, onPiece, signal) => {
    const options = { responseType: 'stream', validateStatus: () => true, ...(signal && { signal }) } as const
    const { status, headers, data } = await axios.get(url, options)
    return { status, headers: { ...headers }, body: await collect(data, onPiece) }
  },
  'got stream': async (url, onPiece, signal) => {
    const stream = got.stream(url, { retry: { limit: 0 }, throwHttpErrors: false, signal })
    const body = await collect(stream, onPiece)
    return { status: stream.response?.statusCode ?? 0, headers: stream.response?.headers ?? {}, body }
  },
}
