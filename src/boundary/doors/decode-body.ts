import { type Duplex, pipeline, Readable } from 'node:stream'
import zlib from 'node:zlib'
import { doNothing } from '../../core/nothing.ts'
import type { HttpHead, ServedExchange } from '../tape.ts'
import { codingsOf } from './encode-body.ts'
import { iterateBody } from './iterate-body.ts'

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants
const SYNC = { flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH }
const gunzip = (): Duplex => zlib.createGunzip(SYNC)

/** As `fetch` decodes: what is cut off is taken as far as it goes, what is wrong is an error. */
const DECODERS: Record<string, () => Duplex> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: () => zlib.createInflate(SYNC),
  br: () => zlib.createBrotliDecompress({ flush: BROTLI_OPERATION_FLUSH, finishFlush: BROTLI_OPERATION_FLUSH }),
  zstd: () => zlib.createZstdDecompress(),
}

/** The body of an answer as `fetch` gives it: of one that was kept with its coding, decoded or an error. */
export function decodeBody({ headers }: HttpHead, exchange: ServedExchange): AsyncIterable<Uint8Array> {
  const codings = exchange.isCoded ? codingsOf(headers) : []
  if (codings.length === 0 || codings.some((name) => DECODERS[name] === undefined)) return iterateBody(exchange)
  const decoders = codings.reverse().map((name) => (DECODERS[name] as () => Duplex)())
  return pipeline(
    [Readable.from(iterateBody(exchange)), ...decoders],
    doNothing,
  ) as unknown as AsyncIterable<Uint8Array>
}
