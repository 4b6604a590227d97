import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import type { HeaderList, HttpRequest } from '../../src/model/interaction.ts'
import { payloadBytes } from '../../src/model/interaction.ts'
import { isMeaningful } from '../../src/replay/counting-headers.ts'

/** What is measured: the calls that the SDKs of OpenAI and Anthropic know by these paths. */
export type Api = 'chat' | 'responses' | 'messages'

/** Which call a request is; null for any other. */
export function apiOf({ method, url }: HttpRequest): Api | null {
  const { pathname } = new URL(url)
  if (method !== 'POST') return null
  if (pathname.endsWith('/chat/completions')) return 'chat'
  if (pathname.endsWith('/responses')) return 'responses'
  return pathname.endsWith('/messages') ? 'messages' : null
}

/** What a caller of the SDK gets. */
export type Outcome =
  | { kind: 'value'; value: unknown }
  | { kind: 'events'; events: unknown[] }
  | { kind: 'error'; name: string; status: number | undefined; message: string; events: unknown[] }

/** What the SDK sent and gave back. */
export interface Asked {
  sent: HttpRequest | null
  outcome: Outcome
}

interface Sdk {
  create(body: never): Promise<unknown>
}

/** Has the real SDK make the recorded request again, and answers it. */
export async function askSdk(api: Api, request: HttpRequest, answer: () => Response): Promise<Asked> {
  const asked: { sent: HttpRequest | null } = { sent: null }
  const sdk = createSdk(api, request, async (input, init) => {
    const one = new Request(input as string, init as RequestInit)
    const headers: HeaderList = [...one.headers].map(([name, value]) => [name, value])
    asked.sent = { method: one.method, url: one.url, headers, body: { text: await one.text() } }
    return answer()
  })
  const events: unknown[] = []
  try {
    const value = await sdk.create(readBody(request) as never)
    if (!isIterable(value)) return { sent: asked.sent, outcome: { kind: 'value', value } }
    for await (const event of value) events.push(event)
    return { sent: asked.sent, outcome: { kind: 'events', events } }
  } catch (error) {
    const { name, message, status } = error as Error & { status?: number }
    const type = (error as Error).constructor.name || name
    return { sent: asked.sent, outcome: { kind: 'error', name: type, status, message, events } }
  }
}

/** The recorded body, numbers as they were written. */
function readBody({ body }: HttpRequest): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }
  const keep = (_key: string, value: unknown, { source }: { source?: string }): unknown =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? rawJSON(source) : value
  const text = body === null ? '{}' : payloadBytes(body).toString('utf8')
  return JSON.parse(text, keep as (key: string, value: unknown) => unknown)
}

type Fetch = (input: unknown, init?: unknown) => Promise<Response>

/** A client whose base URL, query and headers lead to where the request went. */
function createSdk(api: Api, request: HttpRequest, fetch: Fetch): Sdk {
  const url = new URL(request.url)
  const path = { chat: '/chat/completions', responses: '/responses', messages: '/v1/messages' }[api]
  const options = {
    apiKey: 'none',
    maxRetries: 0,
    fetch: fetch as typeof globalThis.fetch,
    baseURL: url.origin + url.pathname.slice(0, url.pathname.lastIndexOf(path)),
    defaultQuery: Object.fromEntries(url.searchParams),
    // The Node types of both SDKs want plain objects.
    defaultHeaders: Object.fromEntries(request.headers.filter(([name]) => isMeaningful(name))),
  }
  if (api === 'messages') return new Anthropic(options).messages as unknown as Sdk
  const client = new OpenAI(options)
  return (api === 'chat' ? client.chat.completions : client.responses) as unknown as Sdk
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
