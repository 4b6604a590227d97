import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A request as a server got it. */
export interface Hit {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: Buffer
}

/** What answers a request; `wait` is a timer. */
export type Answer = (hit: Hit, response: ServerResponse, request: IncomingMessage) => unknown

export interface CountingServer {
  base: string
  /** All requests whose body has come, in order. */
  hits: Hit[]
  server: Server
}

/** A real server on the loopback that remembers what it was asked; closed when the test ends. */
export async function startServer(
  answer: Answer = answerModels,
  create: (listener: RequestListener) => Server = createServer,
): Promise<CountingServer> {
  const hits: Hit[] = []
  const server = create(async (request, response) => {
    const parts: Buffer[] = []
    try {
      for await (const part of request) parts.push(part as Buffer)
    } catch {
      return // the client left
    }
    const hit = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(parts),
    }
    hits.push(hit)
    await answer(hit, response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const scheme = create === createServer ? 'http' : 'https'
  return { base: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, hits, server }
}

/** Answers as a provider of models does, whatever is asked. */
function answerModels(hit: Hit, response: ServerResponse): void {
  const message = { role: 'assistant', content: `answer to ${hit.path}` }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ path: hit.path, choices: [{ index: 0, message }], content: [] }))
}

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
