import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One answer of the world: what it is, and when it comes. Times in ms. */
export interface PlannedAnswer {
  kind: 'json' | 'chat' | 'events' | 'hang' | 'reset' | 'cut'
  status?: number
  delay?: number
  /** Number of pieces of a stream, and the time between them. */
  pieces?: number
  gap?: number
  /** What the answer holds, for kind `json`; else a count of the requests. */
  value?: unknown
}

export interface World {
  origin: string
  /** `METHOD path` of every request, in order of arrival. */
  requests: string[]
  /** Connections so far. */
  contacts(): number
  close(): Promise<void>
}

interface Plan {
  key: string
  plan: PlannedAnswer[]
}

/**
 * Starts a server that answers as its requests say: the n-th request of a `key` gets the n-th answer of its `plan`, and
 * those after the last one get the last.
 */
export async function startWorld(): Promise<World> {
  const counts = new Map<string, number>()
  const requests: string[] = []
  let contacts = 0
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const { key, plan } = readPlan(request, await readText(request))
    const count = counts.get(key) ?? 0
    counts.set(key, count + 1)
    answer(response, plan[Math.min(count, plan.length - 1)] ?? { kind: 'json' }, `${key}#${count}`)
  })
  server.on('connection', () => contacts++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    contacts: () => contacts,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

/** The plan of a request: its body, the text of its first message, or its query parameter `plan`. */
function readPlan(request: IncomingMessage, text: string): Plan {
  const inQuery = new URL(request.url ?? '/', 'http://world.test').searchParams.get('plan')
  try {
    const body = JSON.parse(inQuery ?? text) as Plan & { messages?: { content: string }[] }
    if (body.messages === undefined) return { key: body.key, plan: body.plan ?? [] }
    return JSON.parse(body.messages[0]?.content ?? '') as Plan
  } catch {
    return { key: `${request.method} ${request.url} ${text}`, plan: [{ kind: 'json', value: { echo: text } }] }
  }
}

function answer(response: ServerResponse, planned: PlannedAnswer, content: string): void {
  const { kind, status = 200, delay = 0 } = planned
  if (kind === 'hang') return
  setTimeout(() => {
    if (kind === 'reset') return void response.socket?.destroy()
    if (kind === 'events') return sendEvents(response, planned, content)
    const body = JSON.stringify(kind === 'chat' ? chat(content, status) : (planned.value ?? { content }))
    // The openai SDK draws its waits by lot unless it is told how long.
    const headers = {
      'content-type': 'application/json',
      'retry-after-ms': '3',
      'x-content': encodeURIComponent(content.toWellFormed()),
    }
    if (kind === 'cut') {
      response.writeHead(status, { ...headers, 'content-length': String(body.length + 10) })
      response.write(body)
      setTimeout(() => response.socket?.destroy(), 5)
    } else response.writeHead(status, headers).end(body)
  }, delay)
}

function sendEvents(response: ServerResponse, { pieces = 2, gap = 0 }: PlannedAnswer, content: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (index: number): void => {
    if (index === pieces) return void response.end('data: [DONE]\n\n')
    const delta = { content: `${content}.${index} ` }
    const chunk = {
      id: 'stream',
      object: 'chat.completion.chunk',
      created: 0,
      model: 'm',
      choices: [{ index: 0, delta }],
    }
    response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    setTimeout(() => send(index + 1), gap)
  }
  send(0)
}

function chat(content: string, status: number): unknown {
  if (status >= 400) return { error: { message: content, type: 'server_error' } }
  const message = { role: 'assistant', content }
  return {
    id: 'answer',
    object: 'chat.completion',
    created: 0,
    model: 'm',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }
}
