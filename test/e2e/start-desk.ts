import type { IncomingMessage } from 'node:http'
import { type Answer, type ChatRequest, completionBody } from '../../examples/support-agent/servers/chat-wire.ts'
import { listen } from '../../examples/support-agent/servers/listen.ts'

/** What the fixture agents talk to while they are recorded. */
export interface Desk {
  /** What an agent needs to find it. */
  env: Record<string, string>
  /** `METHOD /path` of every request, in order of arrival. */
  requests: string[]
  /** Headers of the latest request of each path. */
  close(): Promise<void>
}

export interface DeskOptions {
  /** Whether the orders service works. @default false */
  healthy?: boolean
  /** Sent back by the orders service in a header and in its answers. */
  secret?: string
}

/** Starts a model behind the protocol of chat completions, and an orders service that fails: the world of `desk-agent`. */
export async function startDesk(options: DeskOptions = {}): Promise<Desk> {
  const { healthy = false, secret } = options
  const requests: string[] = []
  const { origin, close } = await listen(0, async (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const text = await readText(request)
    const send = (status: number, body: unknown): void => {
      const headers = { 'content-type': 'application/json', ...(secret !== undefined && { 'x-api-key': secret }) }
      response.writeHead(status, headers).end(JSON.stringify(body))
    }
    if (request.url?.startsWith('/v1/chat/completions')) {
      const chat = JSON.parse(text) as ChatRequest
      return send(200, completionBody(chat, nextAnswer(chat)))
    }
    return healthy ? send(200, { id: '17', status: 'shipped' }) : send(503, { error: 'overloaded' })
  })
  return { env: { OPENAI_BASE_URL: `${origin}/v1`, OPENAI_API_KEY: 'sk-none', ORDERS_URL: origin }, requests, close }
}

/** Looks the order up until the look-up works, and then says what it gave. */
function nextAnswer({ messages }: ChatRequest): Answer {
  const last = messages.at(-1) as { role: string; content: string }
  if (last.role === 'tool' && !last.content.includes('failed'))
    return { kind: 'say', text: `It is there: ${last.content}` }
  return { kind: 'call', calls: [{ name: 'lookup_order', args: { id: '17' } }] }
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
