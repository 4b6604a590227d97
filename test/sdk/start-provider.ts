import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a model says next: it asks for tools, or answers. */
export type Turn = { calls: { name: string; args: Record<string, unknown> }[] } | { text: string }

/** An answer as it goes over the wire: one JSON body, or pieces of a body of another type. */
export type WireAnswer = { json: unknown } | { type: string; pieces: (string | Uint8Array)[] }

/** How one protocol is spoken. */
export interface Wire {
  /** Whether a request path belongs to it. */
  path: RegExp
  /** How many results of tools stand in a request. */
  countResults(body: Record<string, unknown>): number
  answer(body: Record<string, unknown>, turn: Turn, path: string): WireAnswer
}

/** What happens to a request to a model instead of an answer. `hang`: nothing comes until the client gives up. */
export type Fault = number | 'hang'

export interface Provider {
  /** `http://127.0.0.1:<port>`. */
  origin: string
  /** `METHOD path` of every request, in order of arrival. */
  requests: string[]
  /** The last part of the path of everything that came for a tracing backend, in order of arrival. */
  telemetry: string[]
  /** Starts over; the next requests to models meet these faults, one each. */
  reset(faults?: readonly Fault[]): void
  close(): Promise<void>
}

/** Characters of an id that a provider made: fresh ones each time, as in life. */
export function fresh(prefix: string, length = 24): string {
  const id = randomBytes(length)
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, length - 1)
  return `${prefix}${id.padEnd(length - 1, 'x')}7`
}

/** Hexadecimal digits, as the ids of some providers are made of. */
export function freshHex(prefix: string, length = 48): string {
  return `${prefix}${randomBytes(length / 2).toString('hex')}`
}

/** What the model says: two tools at once at first, and an answer once it has their results. */
function nextTurn(results: number): Turn {
  if (results > 0) return { text: 'Order 17 is shipped. Refunds are given within 30 days.' }
  return {
    calls: [
      { name: 'search_docs', args: { query: 'refund policy' } },
      { name: 'lookup_order', args: { id: '17' } },
    ],
  }
}

/** Starts a server that speaks some protocols of models, and answers the tools of `fixtures/tools.ts`: the slow one is asked first. */
export async function startProvider(wires: readonly Wire[]): Promise<Provider> {
  let faults: Fault[] = []
  const requests: string[] = []
  const telemetry: string[] = []
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://provider.test')
    const text = await readText(request)
    const traced = /\/(?:v1\/(?:traces\/)?(?:ingest|traces|metrics|logs)|runs\/(?:multipart|batch)|info)$/.exec(
      pathname,
    )
    if (traced !== null) {
      telemetry.push(pathname.split('/').at(-1) ?? '')
      return sendJson(response, {})
    }
    requests.push(`${request.method} ${request.url}`)
    if (pathname === '/docs') return later(40, () => sendJson(response, { text: 'Refunds within 30 days.' }))
    if (pathname === '/orders/17') return later(5, () => sendJson(response, { status: 'shipped' }))
    // Ranks of tokens, which LangChain fetches to count with; with none of them it estimates.
    if (pathname === '/js/gpt2.json') return sendJson(response, {})
    const wire = wires.find(({ path }) => path.test(pathname))
    if (wire === undefined) return sendJson(response, { error: 'not found' }, 404)
    const fault = faults.shift()
    if (fault === 'hang') return
    if (fault !== undefined) return refuse(response, fault)
    const body = JSON.parse(text) as Record<string, unknown>
    later(10, () => send(response, wire.answer(body, nextTurn(wire.countResults(body)), pathname)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    telemetry,
    reset(next = []) {
      faults = [...next]
      requests.length = 0
      telemetry.length = 0
    },
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function later(ms: number, fn: () => void): void {
  setTimeout(fn, ms)
}

async function readText(request: IncomingMessage): Promise<string> {
  return Buffer.concat((await request.toArray()) as Buffer[]).toString('utf8')
}

function refuse(response: ServerResponse, status: number): void {
  const error = { type: status === 429 ? 'rate_limit_error' : 'server_error', message: 'Later.', code: null }
  sendJson(response, { type: 'error', error }, status, { 'retry-after-ms': '3', 'retry-after': '0' })
}

function sendJson(response: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}): void {
  const ids = { 'x-request-id': fresh('req_'), 'request-id': fresh('req_') }
  response.writeHead(status, { 'content-type': 'application/json', ...ids, ...headers }).end(JSON.stringify(body))
}

function send(response: ServerResponse, answer: WireAnswer): void {
  if ('json' in answer) {
    sendJson(response, answer.json)
    return
  }
  response.writeHead(200, { 'content-type': answer.type, 'x-request-id': fresh('req_') })
  const next = (index: number): void => {
    const piece = answer.pieces[index]
    if (piece === undefined) return void response.end()
    response.write(piece)
    later(2, () => next(index + 1))
  }
  next(0)
}
