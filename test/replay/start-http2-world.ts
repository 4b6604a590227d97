import { readFileSync } from 'node:fs'
import http2, { type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

export interface Http2World {
  base: string
  /** Connections so far. */
  contacts(): number
  close(): void
}

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR } = http2.constants

type Answer = (stream: ServerHttp2Stream, body: string) => void

const head = { ':status': 200, 'content-type': 'text/plain' }

function drip(stream: ServerHttp2Stream, pieces: string[], then: () => void): void {
  const [piece, ...rest] = pieces
  if (stream.destroyed) return
  if (piece === undefined) then()
  else {
    stream.write(piece)
    setTimeout(() => drip(stream, rest, then), 30)
  }
}

/** Resets a stream where it stands; Node's own `close` ends it first. */
function reset(stream: ServerHttp2Stream, code: number): void {
  const key = Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'kHandle') as symbol
  const handles = stream as unknown as Record<symbol, { rstStream(code: number): void } | undefined>
  handles[key]?.rstStream(code)
}

const ANSWERS: Record<string, Answer> = {
  '/get': (stream) => {
    stream.respond({ ...head, 'set-cookie': ['a=1', 'b=2'], 'x-twice': 'yes' })
    stream.end('got it')
  },
  '/echo': (stream, body) => {
    stream.respond({ ...head, 'content-length': String(Buffer.byteLength(body)) })
    stream.end(body)
  },
  '/large': (stream) => {
    stream.respond(head)
    stream.end('y'.repeat(300_000))
  },
  '/empty': (stream) => stream.respond({ ':status': 204 }, { endStream: true }),
  '/pieces': (stream) => {
    stream.respond(head)
    drip(stream, ['one ', 'two ', 'thr\u00e9e'], () => stream.end())
  },
  '/drip': (stream) => {
    stream.respond(head)
    drip(stream, 'abcdefgh'.split(''), () => stream.end())
  },
  '/coded': (stream) => {
    stream.respond({ ...head, 'content-encoding': 'gzip' })
    stream.end(gzipSync('coded '.repeat(20)))
  },
  '/trailers': (stream) => {
    stream.respond(head, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }))
    stream.end('summed')
  },
  '/early': (stream) => {
    stream.additionalHeaders({ ':status': 103, link: '</style.css>' })
    setTimeout(() => {
      stream.respond(head)
      stream.end('late')
    }, 30)
  },
  '/reset-head': (stream) => stream.close(NGHTTP2_INTERNAL_ERROR),
  '/reset': (stream) => {
    stream.respond(head)
    drip(stream, ['some '], () => reset(stream, NGHTTP2_INTERNAL_ERROR))
  },
  '/cancel': (stream) => {
    stream.respond(head)
    drip(stream, ['some '], () => reset(stream, NGHTTP2_CANCEL))
  },
  '/silence': () => undefined,
}

/** A server of HTTP/2 that does as it is asked. */
export async function startHttp2World(secure: boolean): Promise<Http2World> {
  const pem = (name: string): Buffer => readFileSync(join(import.meta.dirname, `../faults/certificates/${name}.pem`))
  const server = secure ? http2.createSecureServer({ key: pem('key'), cert: pem('good') }) : http2.createServer()
  const sockets = new Set<Socket>()
  let contacts = 0
  let latest: Socket | undefined
  server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
    contacts++
    sockets.add(socket)
    latest = socket
    socket.on('error', () => undefined)
  })
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined)
    const path = String(headers[':path'])
    let body = ''
    stream.on('data', (piece: Buffer) => {
      body += piece.toString()
    })
    stream.on('end', () => {
      const slow = /^\/slow\/(\d)$/.exec(path)?.[1]
      if (path === '/cut') {
        stream.respond(head)
        drip(stream, ['some '], () => latest?.destroy())
      } else if (slow === undefined) ANSWERS[path]?.(stream, body)
      else {
        setTimeout(() => {
          stream.respond(head)
          stream.end(`slow ${slow}`)
        }, Number(slow) * 60)
      }
    })
  })
  await new Promise<void>((resolve) => (server as Http2Server).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    base: `${secure ? 'https' : 'http'}://127.0.0.1:${port}`,
    contacts: () => contacts,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
