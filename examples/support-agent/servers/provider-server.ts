import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type ChatRequest, completionBody, completionEvents, digest, pseudoRandom } from './chat-wire.ts'
import { type LoopbackServer, listen } from './listen.ts'
import { nextMove, type ScriptMessage } from './model-script.ts'

export interface ProviderServerOptions {
  port: number
  /** True for a world without incidents. */
  healthy?: boolean
  /** Factor on all latencies; 0 answers at once. @default 1 */
  pace?: number
}

export interface ProviderServer extends LoopbackServer {
  /** The body of every chat completions request, in order of arrival. */
  requests: string[]
}

const MODELS = ['gpt-4.1-mini']
const OVERLOADED = 'Our servers are currently overloaded. Please try again later.'

/**
 * Starts a scripted model behind the wire protocol of OpenAI's chat completions: JSON and server-sent events,
 * error bodies, ids, usage and headers. It serves what the support agent needs, and nothing else.
 */
export async function startProviderServer(options: ProviderServerOptions): Promise<ProviderServer> {
  const { port, healthy = false, pace = 1 } = options
  const requests: string[] = []
  const server = await listen(port, async (request, response) => {
    const text = await readText(request)
    const requestId = `req_${digest([text, requests.filter((each) => each === text).length]).slice(0, 32)}`
    const startedAt = Date.now()
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers(requestId, startedAt) })
      response.end(JSON.stringify(body))
    }
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
      return send(404, error(`Invalid URL (${request.method} ${request.url})`, 'invalid_request_error'))
    }
    if (!/^Bearer \S+$/.test(request.headers.authorization ?? '')) {
      return send(401, error("You didn't provide an API key.", 'invalid_request_error'))
    }
    requests.push(text)
    const chat = JSON.parse(text) as ChatRequest
    if (!MODELS.includes(chat.model)) {
      const message = `The model \`${chat.model}\` does not exist or you do not have access to it.`
      return send(404, error(message, 'invalid_request_error', 'model_not_found'))
    }
    const move = nextMove(chat.messages as ScriptMessage[], healthy)
    if (!move) return send(400, error('This conversation is not in the script.', 'invalid_request_error'))
    if (move.kind === 'overloaded') {
      await sleep((350 + pseudoRandom(requestId, 200)) * pace)
      return send(503, error(OVERLOADED, 'service_unavailable_error', 'server_is_overloaded'))
    }
    await sleep((600 + pseudoRandom(text, 500)) * pace)
    if (chat.stream) return stream(response, completionEvents(chat, move), headers(requestId, startedAt), 25 * pace)
    await sleep(outputMs(move) * pace)
    return send(200, completionBody(chat, move))
  })
  return { ...server, requests }
}

async function stream(
  response: ServerResponse,
  events: string[],
  extra: Record<string, string>,
  gapMs: number,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...extra })
  for (const event of events) {
    response.write(`data: ${event}\n\n`)
    if (gapMs > 0) await sleep(gapMs)
  }
  response.end()
}

function outputMs(answer: Answer): number {
  return JSON.stringify(answer).length * 2
}

function headers(requestId: string, startedAt: number): Record<string, string> {
  return {
    'openai-organization': 'example-shop',
    'openai-processing-ms': String(Date.now() - startedAt),
    'openai-version': '2020-10-01',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-reset-requests': '6ms',
    'x-request-id': requestId,
  }
}

function error(message: string, type: string, code: string | null = null) {
  return { error: { message, type, param: null, code } }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
