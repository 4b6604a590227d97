import zlib from 'node:zlib'

type Chunk = [offset_ms: number, bytes: Uint8Array]

interface Coding {
  flush: number
  finish: number
  /** Inflates a whole body at once. */
  inflate(bytes: Uint8Array): Uint8Array
  /** A stream that inflates it piece by piece. */
  stream(): unknown
}

const SYNC = { finishFlush: zlib.constants.Z_SYNC_FLUSH }
const gzip: Coding = {
  flush: zlib.constants.Z_SYNC_FLUSH,
  finish: zlib.constants.Z_FINISH,
  inflate: (bytes) => zlib.gunzipSync(bytes, SYNC),
  stream: () => zlib.createGunzip(),
}
const CODINGS: Record<string, Coding> = {
  gzip,
  'x-gzip': gzip,
  deflate: {
    flush: zlib.constants.Z_SYNC_FLUSH,
    finish: zlib.constants.Z_FINISH,
    inflate: (bytes) => zlib.inflateSync(bytes, SYNC),
    stream: () => zlib.createInflate(),
  },
  'deflate-raw': {
    flush: zlib.constants.Z_SYNC_FLUSH,
    finish: zlib.constants.Z_FINISH,
    inflate: (bytes) => zlib.inflateRawSync(bytes, SYNC),
    stream: () => zlib.createInflateRaw(),
  },
  br: {
    flush: zlib.constants.BROTLI_OPERATION_FLUSH,
    finish: zlib.constants.BROTLI_OPERATION_FINISH,
    inflate: (bytes) => zlib.brotliDecompressSync(bytes, { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }),
    stream: () => zlib.createBrotliDecompress(),
  },
  zstd: {
    flush: zlib.constants.ZSTD_e_flush,
    finish: zlib.constants.ZSTD_e_end,
    inflate: (bytes) => zlib.zstdDecompressSync(bytes, { finishFlush: zlib.constants.ZSTD_e_flush }),
    stream: () => zlib.createZstdDecompress(),
  },
}

/**
 * Removes the content coding of a body, piece by piece, so that each piece keeps its time.
 * Gives null when the coding is not known or the bytes are not of it: the caller then keeps them as they are.
 *
 * @param coding The value of `content-encoding`.
 * @param isComplete Whether the body came to its end: then its coding has to, or a client will complain.
 */
export function decodeChunks(chunks: Chunk[], coding: string | undefined, isComplete: boolean): Chunk[] | null {
  const names = (coding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  let decoded = chunks
  // Codings are listed in the order in which they were applied.
  for (const name of names.filter((one) => one !== '' && one !== 'identity').reverse()) {
    const next = decodeOne(decoded, name, isComplete)
    if (next === null) return null
    decoded = next
  }
  return decoded
}

function decodeOne(chunks: Chunk[], name: string, isComplete: boolean): Chunk[] | null {
  if (chunks.length === 0) return chunks
  // Servers disagree on what `deflate` is; a zlib header has an 8 in the low half of its first byte.
  const raw = name === 'deflate' && ((chunks[0]?.[1][0] ?? 8) & 0x0f) !== 8
  const coding = CODINGS[raw ? 'deflate-raw' : name]
  if (coding === undefined) return null
  try {
    return inflatePieces(chunks, coding, isComplete) ?? inflateWhole(chunks, coding)
  } catch {
    return null
  }
}

/** All of the body at the time of its last piece: right bytes, coarse times. */
function inflateWhole(chunks: Chunk[], coding: Coding): Chunk[] {
  const bytes = coding.inflate(Buffer.concat(chunks.map(([, piece]) => piece)))
  return [[chunks.at(-1)?.[0] ?? 0, bytes]]
}

/** What zlib's streams stand on: a handle that works synchronously too. Undocumented, and as old as the module. */
interface ZlibStream {
  _handle: {
    writeSync(
      flush: number,
      input: Uint8Array,
      inOff: number,
      inLen: number,
      out: Uint8Array,
      outOff: number,
      outLen: number,
    ): void
  }
  _writeState: Uint32Array
  close(): void
}

const OUT_SIZE = 64 * 1024

/** Each piece at its own time; null where this Node has no such handle. */
function inflatePieces(chunks: Chunk[], coding: Coding, isComplete: boolean): Chunk[] | null {
  const stream = coding.stream() as ZlibStream
  if (typeof stream._handle?.writeSync !== 'function' || !(stream._writeState instanceof Uint32Array)) return null
  let failure: unknown = null
  ;(stream as unknown as { on(event: string, listener: (error: unknown) => void): void }).on('error', (error) => {
    failure = error
  })
  const handle = stream._handle as typeof stream._handle & { onerror?: (message: string) => void }
  handle.onerror = (message) => {
    failure = new Error(message)
  }
  const decoded: Chunk[] = []
  for (const [offset, bytes] of chunks) {
    const parts: Uint8Array[] = []
    let position = 0
    for (;;) {
      const out = Buffer.allocUnsafe(OUT_SIZE)
      handle.writeSync(coding.flush, bytes, position, bytes.byteLength - position, out, 0, OUT_SIZE)
      if (failure !== null) throw failure
      const [availableOut = OUT_SIZE, availableIn = 0] = stream._writeState
      position = bytes.byteLength - availableIn
      parts.push(out.subarray(0, OUT_SIZE - availableOut))
      if (availableOut > 0) break
    }
    const piece = Buffer.concat(parts)
    if (piece.byteLength > 0) decoded.push([offset, piece])
  }
  // Asked for its end, a coding that was cut off says so.
  if (isComplete) handle.writeSync(coding.finish, new Uint8Array(), 0, 0, Buffer.allocUnsafe(64), 0, 64)
  if (failure !== null) throw failure
  stream.close()
  return decoded
}
