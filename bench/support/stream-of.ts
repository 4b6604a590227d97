/** A stream that hands the chunks out one by one, as the reader asks for them. */
export function streamOf(chunks: readonly string[]): ReadableStream<Uint8Array> {
  let next = 0
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks[next++]
      if (chunk === undefined) controller.close()
      else controller.enqueue(Buffer.from(chunk))
    },
  })
}

const encoder = new TextEncoder()

/** The same as `fetch` gives it: a stream of bytes, each chunk in a buffer of its own. All of it is there at once. */
export function bytesOf(chunks: readonly string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: 'bytes',
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk))
      controller.close()
    },
  })
}
