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

const FLUSH: Record<string, number> = {
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
