import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Kind } from '../kinds/kind.ts'
import { anthropicBody, anthropicError, anthropicEvents } from './anthropic-wire.ts'
import { openAiBody, openAiError, openAiEvents } from './openai-wire.ts'
import { readRequest } from './read-request.ts'
import { type Move, say, type View } from './script.ts'

/** The world of one incident. */
export interface World {
  /** What an agent needs to find it. */
  env: Record<string, string>
  close(): Promise<void>
}

type Body = Record<string, unknown>

const PATHS = { openai: '/v1/chat/completions', anthropic: '/v1/messages' } as const
const MODEL_MS = 15
const TOOL_MS = 5

/** Starts the scripted model of a kind, in the protocols of OpenAI and Anthropic, and its tools. */
export async function startWorld(kind: Kind): Promise<World> {
  const counts = new Map<string, number>()
  const server = createServer((request, response) => {
    serve(kind, counts, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    env: { OPENAI_BASE_URL: `${origin}/v1`, ANTHROPIC_BASE_URL: origin, TOOLS_URL: `${origin}/tools` },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

async function serve(
  kind: Kind,
  counts: Map<string, number>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await readText(request)
  const body = (text === '' ? {} : JSON.parse(text)) as Body
  const url = new URL(request.url ?? '/', 'http://world')
  if (url.pathname === PATHS.openai) return answer('openai', kind, body, response)
  if (url.pathname === PATHS.anthropic) return answer('anthropic', kind, body, response)
  const name = url.pathname.replace('/tools/', '')
  const args = request.method === 'POST' ? body : Object.fromEntries(url.searchParams)
  if (request.headers.authorization !== kind.unfixed.toolHeaders.authorization) {
    return send(response, 401, { error: 'who are you?' })
  }
  const key = `${name} ${request.headers['idempotency-key']}`
  const isRepeat = counts.has(key)
  if (request.headers['idempotency-key'] !== undefined) counts.set(key, 1)
  const nth = (counts.get(name) ?? 0) + (isRepeat ? 0 : 1)
  counts.set(name, nth)
  const asked = (tool: string): number => counts.get(tool) ?? 0
  const reply = kind.world.tools[name]?.(args as Record<string, string>, nth, asked, isRepeat)
  if (reply === undefined) return send(response, 404, { error: 'there is no such tool' })
  if (reply.silent) return
  await sleep(reply.delayMs ?? TOOL_MS)
  return send(response, reply.status ?? 200, reply.body)
}

async function answer(
  protocol: 'openai' | 'anthropic',
  kind: Kind,
  body: Body,
  response: ServerResponse,
): Promise<void> {
  await sleep(MODEL_MS)
  const move = nextMove(kind, readRequest(body, protocol))
  const isOpenAi = protocol === 'openai'
  if (move.kind === 'refuse') {
    return send(response, move.error.status, isOpenAi ? openAiError(move.error) : anthropicError(move.error))
  }
  if (body.stream !== true) return send(response, 200, isOpenAi ? openAiBody(body, move) : anthropicBody(body, move))
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of isOpenAi ? openAiEvents(body, move) : anthropicEvents(body, move)) response.write(event)
  response.end()
}

/** A model that is asked something else answers something else: the script holds for the unfixed agent's questions. */
function nextMove({ unfixed, world }: Kind, view: View): Move {
  const offered = unfixed.tools.map(({ name, description }) => ({ name, description }))
  const isSame =
    view.system === unfixed.system &&
    view.model === unfixed.model &&
    JSON.stringify(view.tools) === JSON.stringify(offered)
  if (isSame) return world.model(view)
  return world.changedModel?.(view) ?? say('Of course! That is always possible, free of charge, for 99 years.')
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
