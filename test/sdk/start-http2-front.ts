import { readFileSync } from 'node:fs'
import { request as forward } from 'node:http'
import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import type { Provider } from './start-provider.ts'

/** A provider behind TLS, spoken to over HTTP/2 by clients that can and over HTTP/1 by others: which of them, it counts. */
export interface Http2Front extends Provider {
  /** `2.0` or `1.1` of each request, in order of arrival. */
  versions: string[]
}

/** Puts a server of HTTP/2 before a provider. */
export async function startHttp2Front(provider: Provider): Promise<Http2Front> {
  const pem = (name: string): Buffer => readFileSync(join(import.meta.dirname, `../faults/certificates/${name}.pem`))
  const versions: string[] = []
  const sockets = new Set<Socket>()
  const onRequest = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    versions.push(request.httpVersion)
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !name.startsWith(':')))
    const back = forward(provider.origin + request.url, { method: request.method, headers }, (answer) => {
      const { connection, 'keep-alive': _, 'transfer-encoding': __, ...rest } = answer.headers
      response.writeHead(answer.statusCode ?? 500, rest)
      answer.pipe(response)
    })
    back.on('error', () => response.destroy())
    response.on('close', () => back.destroy())
    request.pipe(back)
  }
  const server = http2.createSecureServer({ key: pem('key'), cert: pem('good'), allowHTTP1: true }, onRequest)
  server.on('secureConnection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    ...provider,
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    versions,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      return provider.close()
    },
  }
}
