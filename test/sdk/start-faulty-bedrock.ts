import { readFileSync } from 'node:fs'
import http2, { type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { writeEvent } from '../../src/providers/event-stream.ts'

/** Resets a stream where it stands; Node's own `close` ends it first. */
function reset(stream: ServerHttp2Stream): void {
  const key = Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'kHandle') as symbol
  const handles = stream as unknown as Record<symbol, { rstStream(code: number): void } | undefined>
  handles[key]?.rstStream(http2.constants.NGHTTP2_INTERNAL_ERROR)
}

const START = writeEvent('messageStart', { role: 'assistant' })
const DELTA = writeEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'So ' } })
const STOP = writeEvent('messageStop', { stopReason: 'end_turn' })

/** A Bedrock over HTTP/2 whose streams go wrong in the way in which their model is named. */
export async function startFaultyBedrock(): Promise<{ origin: string; close(): void }> {
  const pem = (name: string): Buffer => readFileSync(join(import.meta.dirname, `../faults/certificates/${name}.pem`))
  const server = http2.createSecureServer({ key: pem('key'), cert: pem('good') })
  const sockets = new Set<Socket>()
  let latest: Socket | undefined
  server.on('secureConnection', (socket: Socket) => {
    latest = socket
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  const ends: Record<string, (stream: ServerHttp2Stream) => void> = {
    exception: (stream) => stream.end(writeEvent('modelStreamErrorException', { message: 'It broke.' }, 'exception')),
    damaged: (stream) => stream.end(Buffer.from(STOP).fill(7, 20, 24)),
    reset,
    cut: () => latest?.destroy(),
    silent: () => undefined,
    'given-up': () => undefined,
  }
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    stream.resume()
    stream.on('end', () => {
      const model = /model\/([\w-]+)\//.exec(String(headers[':path']))?.[1] ?? ''
      if (model === 'reset-first') {
        reset(stream)
        return
      }
      stream.respond({ ':status': 200, 'content-type': 'application/vnd.amazon.eventstream' })
      stream.write(START)
      stream.write(DELTA)
      setTimeout(() => ends[model]?.(stream), 40)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
