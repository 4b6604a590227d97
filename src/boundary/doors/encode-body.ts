import zlib from 'node:zlib'
import type { HeaderList } from '../../model/interaction.ts'
import type { HttpHead, ServedExchange } from '../tape.ts'
import { iterateBody } from './iterate-body.ts'

type Coder = zlib.Gzip | zlib.Deflate | zlib.BrotliCompress | zlib.ZstdCompress

const CODERS: Record<string, () => Coder> = {
  gzip: () => zlib.createGzip(),
  'x-gzip': () => zlib.createGzip(),
  deflate: () => zlib.createDeflate(),
  br: () => zlib.createBrotliCompress(),
  zstd: () => zlib.createZstdCompress(),
}

// Older lines of Node have no default for a call that waits.
const FLUSH: Record<string, number> = {
  gzip: zlib.constants.Z_FULL_FLUSH,
  'x-gzip': zlib.constants.Z_FULL_FLUSH,
  deflate: zlib.constants.Z_FULL_FLUSH,
  br: zlib.constants.BROTLI_OPERATION_FLUSH,
  zstd: zlib.constants.ZSTD_e_flush,
}

/** The content codings of a body, in the order in which they were applied. */
export function codingsOf(headers: HeaderList): string[] {
  return headers
    .filter(([name]) => name === 'content-encoding')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
}

/**
 * The body of an answer in the content coding that its head announces, each piece at its time: recorded bodies are kept
 * decoded, and clients below `fetch` decode by themselves. Null for a body that is kept as it came.
 */
export function encodeBody({ headers }: HttpHead, exchange: ServedExchange): AsyncIterable<Uint8Array> | null {
  const codings = exchange.isCoded ? [] : codingsOf(headers)
  if (codings.length === 0 || codings.some((name) => CODERS[name] === undefined)) return null
  return codings.reduce<AsyncIterable<Uint8Array>>((body, name) => encodeOne(body, name), iterateBody(exchange))
}

/** How large a body may be for which settings of its coder are tried, bytes: each costs a run over all of it. */
const TRIED_BYTES = 256 * 1024

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, ZSTD_c_compressionLevel } = zlib.constants
const LEVELS = [6, 1, 9, 5, 4, 2, 3, 7, 8]

/** Ways to encode a body, the usual ones first. */
const WAYS: Record<string, (body: Uint8Array) => (() => Buffer)[]> = {
  gzip: (body) => LEVELS.map((level) => () => zlib.gzipSync(body, { level })),
  'x-gzip': (body) => LEVELS.map((level) => () => zlib.gzipSync(body, { level })),
  deflate: (body) => LEVELS.map((level) => () => zlib.deflateSync(body, { level })),
  br: (body) => [
    () => zlib.brotliCompressSync(body),
    ...[4, 5, 1, 3, 6, 11].map((quality) => () => {
      const params = { [BROTLI_PARAM_QUALITY]: quality, [BROTLI_PARAM_SIZE_HINT]: body.byteLength }
      return zlib.brotliCompressSync(body, { params })
    }),
  ],
  zstd: (body) =>
    [3, 1, 2, 4, 5].map((level) => () => zlib.zstdCompressSync(body, { params: { [ZSTD_c_compressionLevel]: level } })),
}

/**
 * A whole body in the one content coding that its head announces, in a way that gives the recorded length if there is one: no
 * recording keeps how its server was set up. Null where it comes piece by piece, or with no coding or several.
 */
export function encodeWhole({ headers }: HttpHead, exchange: ServedExchange, length: number): Buffer | null {
  const [coding, ...others] = exchange.isCoded ? [] : codingsOf(headers)
  const body = exchange.whole?.() ?? null
  const ways = body === null || others.length > 0 ? undefined : WAYS[coding ?? '']?.(body)
  if (ways === undefined || body === null) return null
  const tried = body.byteLength > TRIED_BYTES ? ways.slice(0, 1) : ways
  let first: Buffer | null = null
  for (const way of tried) {
    const coded = way()
    if (coded.byteLength === length) return coded
    first ??= coded
  }
  return first
}

/** A coded body in as many pieces as the recorded one had, each at its time. */
export async function* spread(coded: Buffer, exchange: ServedExchange): AsyncGenerator<Uint8Array> {
  const total = exchange.length ?? 0
  let [come, given] = [0, 0]
  for await (const piece of iterateBody(exchange)) {
    come += piece.byteLength
    const until = come === total ? coded.byteLength : Math.floor((coded.byteLength * come) / total)
    yield coded.subarray(given, until)
    given = until
  }
  if (given < coded.byteLength) yield coded.subarray(given)
}

async function* encodeOne(body: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const coder = (CODERS[name] as () => Coder)()
  const coded: Uint8Array[] = []
  coder.on('data', (piece: Uint8Array) => coded.push(piece))
  const ended = new Promise((resolve) => coder.once('end', resolve))
  try {
    for await (const piece of body) {
      coder.write(piece)
      await new Promise<void>((resolve) => coder.flush(FLUSH[name], () => resolve()))
      yield* coded.splice(0)
    }
    coder.end()
    await ended
    yield* coded
  } finally {
    coder.destroy()
  }
}
