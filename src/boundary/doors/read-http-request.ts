import type { HeaderList } from '../../model/interaction.ts'

/** One request as a client of `node:http` wrote it. */
export interface WrittenRequest {
  method: string
  /** Path and query; an absolute URL for a proxy. */
  target: string
  headers: HeaderList
  /** Null without one. */
  body: Buffer | null
}

export interface ReadRequest {
  /** Null while the head is not all there. */
  head: WrittenRequest | null
  /** True when the body is all there too. */
  isWhole: boolean
  /** What was written after it. */
  rest: Buffer
}

const HEAD_END = '\r\n\r\n'

/** Reads the request at the start of what a client has written so far. */
export function readHttpRequest(written: Buffer): ReadRequest {
  const end = written.indexOf(HEAD_END)
  if (end < 0) return { head: null, isWhole: false, rest: written }
  const [start = '', ...lines] = written.subarray(0, end).toString('latin1').split('\r\n')
  const [method = 'GET', target = '/'] = start.split(' ')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const after = written.subarray(end + HEAD_END.length)
  const read = isChunked(headers) ? readChunks(after) : readLength(after, headers)
  return {
    head: { method, target, headers, body: read?.body ?? null },
    isWhole: read !== null,
    rest: read?.rest ?? after,
  }
}

/** True when the body of a message comes in chunks. */
export function isChunked(headers: HeaderList): boolean {
  return headers.some(([name, value]) => name === 'transfer-encoding' && /\bchunked\b/i.test(value))
}

interface ReadBody {
  body: Buffer | null
  rest: Buffer
}

function readLength(after: Buffer, headers: HeaderList): ReadBody | null {
  const length = Number(headers.find(([name]) => name === 'content-length')?.[1] ?? 0)
  if (after.length < length) return null
  return { body: length === 0 ? null : after.subarray(0, length), rest: after.subarray(length) }
}

function readChunks(after: Buffer): ReadBody | null {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const line = after.indexOf('\r\n', at)
    if (line < 0) return null
    const size = Number.parseInt(after.subarray(at, line).toString('latin1'), 16)
    if (size === 0) {
      // Trailers, if any, end with an empty line.
      const end = after.indexOf(HEAD_END, line)
      return end < 0 ? null : { body: Buffer.concat(parts), rest: after.subarray(end + HEAD_END.length) }
    }
    const next = line + 2 + size + 2
    if (Number.isNaN(size) || after.length < next) return null
    parts.push(after.subarray(line + 2, line + 2 + size))
    at = next
  }
}
