import { type Fixture, LLMock } from '@copilotkit/aimock'
import { listen } from '../../../examples/support-agent/servers/listen.ts'
import type { Exchange } from './exchange.ts'
import type { Peer } from './peer.ts'
import { readAnswer } from './read-answer.ts'

/**
 * AIMock in its strict mode, with one fixture an answer as its documentation says: by the last message of the user, the turn, and
 * whether the turn has a result of a tool; equal ones by their order. It mocks models; the tools are served by a plain server that
 * gives the recorded answers of each URL in their order.
 */
export const peer: Peer = {
  async serve({ exchanges, env }) {
    const toModel = exchanges.filter(({ asked }) => Array.isArray(asked?.messages))
    const mock = new LLMock({ port: 0, strict: true, logLevel: 'silent' })
    const seen = new Map<string, number>()
    for (const exchange of toModel) mock.addFixture(fixtureOf(exchange, seen))
    await mock.start()
    const tools = await serveTools(exchanges.filter((one) => !toModel.includes(one)))
    const base = new URL(env.TOOLS_URL ?? '')
    return { OPENAI_BASE_URL: `${mock.url}/v1`, ANTHROPIC_BASE_URL: mock.url, TOOLS_URL: tools + base.pathname }
  },
}

function fixtureOf({ asked, answer }: Exchange, seen: Map<string, number>): Fixture {
  const messages = asked?.messages as { role: string; content: unknown }[]
  const user = messages.findLast(({ role, content }) => role === 'user' && !isToolResult(content))
  const turnIndex = messages.filter(({ role }) => role === 'assistant').length
  const sequenceIndex = seen.get(String(turnIndex)) ?? 0
  seen.set(String(turnIndex), sequenceIndex + 1)
  const match = { userMessage: textOf(user?.content), turnIndex, hasToolResult: turnIndex > 0, sequenceIndex }
  return { match, response: readAnswer(answer) }
}

async function serveTools(exchanges: Exchange[]): Promise<string> {
  const left = [...exchanges]
  const { origin } = await listen(0, (request, response) => {
    const index = left.findIndex(({ method, url }) => {
      const { pathname, search } = new URL(url)
      return method === request.method && pathname + search === request.url
    })
    const [found] = index === -1 ? [] : left.splice(index, 1)
    if (found?.answer === null) return
    response.writeHead(found?.answer.status ?? 404, found?.answer.headers).end(found?.answer.text)
  })
  return origin
}

function isToolResult(content: unknown): boolean {
  return Array.isArray(content) && content.some((block: { type?: string }) => block.type === 'tool_result')
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return (content as { text?: string }[]).map(({ text }) => text ?? '').join('')
}
