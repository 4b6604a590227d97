import zlib from 'node:zlib'

type Write = (...args: unknown[]) => unknown

/** Tells of each piece of work that a zlib stream hands to the thread pool: unlike other work it is no new async resource. */
export function watchZlibWrites(onWrite: () => void): void {
  // One of each class of handle: that of gzip does both ways.
  const streams = [
    zlib.createGzip(),
    zlib.createBrotliCompress(),
    zlib.createBrotliDecompress(),
    zlib.createZstdCompress?.(),
    zlib.createZstdDecompress?.(),
  ]
  for (const stream of streams) {
    const handle = (stream as unknown as { _handle?: object } | undefined)?._handle
    if (handle === undefined) continue
    const prototype = Object.getPrototypeOf(handle) as { write: Write }
    const { write } = prototype
    prototype.write = function (...args) {
      onWrite()
      return write.apply(this, args)
    }
    stream?.close()
  }
}
