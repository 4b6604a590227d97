import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { type ProviderServer, startProviderServer } from '../../examples/support-agent/servers/provider-server.ts'

const REFUND = [{ role: 'user' as const, content: 'Can I get a refund?' }]
const STATUS = [
  { role: 'user' as const, content: 'Where is my parcel?' },
  {
    role: 'assistant' as const,
    content: null,
    tool_calls: [{ id: 'call_1', type: 'function' as const, function: { name: 'lookup_order', arguments: '{}' } }],
  },
  { role: 'tool' as const, tool_call_id: 'call_1', content: '{"delivery_date":"2026-03-06"}' },
]

/** A client of a server that is closed when the test ends. */
async function connect(onTestFinished: (close: () => Promise<void>) => void, healthy = false) {
  const server = await startProviderServer({ port: 0, pace: 0, healthy })
  onTestFinished(() => server.close())
  return { server, client: clientOf(server) }
}

const clientOf = (server: ProviderServer) =>
  new OpenAI({ baseURL: `${server.origin}/v1`, apiKey: 'sk-example-of-no-value', maxRetries: 0 })

test('gives the same turn given JSON and a stream', async ({ onTestFinished }) => {
  const { client } = await connect(onTestFinished)
  const request = { model: 'gpt-4.1-mini', messages: REFUND }
  const whole = await client.chat.completions.create(request)
  const streamed = client.chat.completions.stream({ ...request, stream_options: { include_usage: true } })
  const built = await streamed.finalChatCompletion()
  const turn = (completion: OpenAI.ChatCompletion) =>
    completion.choices.map(({ finish_reason, message }) => ({
      finish_reason,
      content: message.content,
      calls: message.tool_calls?.map(
        (call) => call.type === 'function' && [call.id, call.function.name, call.function.arguments],
      ),
    }))
  expect(turn(built)).toEqual(turn(whole))
  expect(turn(whole)[0]?.calls).toHaveLength(2)
  expect(built.usage).toEqual(whole.usage)
})

test('streams the words of an answer given a healthy model', async ({ onTestFinished }) => {
  const { client } = await connect(onTestFinished, true)
  const stream = await client.chat.completions.create({ model: 'gpt-4.1-mini', messages: STATUS, stream: true })
  const parts: string[] = []
  for await (const chunk of stream) parts.push(chunk.choices[0]?.delta.content ?? '')
  expect(parts.length).toBeGreaterThan(5)
  expect(parts.join('')).toMatch(/should arrive on 2026-03-06\.$/)
})

test('gives the same ids given the same conversation', async ({ onTestFinished }) => {
  const { client, server } = await connect(onTestFinished)
  const ask = () => client.chat.completions.create({ model: 'gpt-4.1-mini', messages: REFUND })
  const [first, second] = [await ask(), await ask()]
  expect(second.choices).toEqual(first.choices)
  expect(second.id).toBe(first.id)
  expect(server.requests).toHaveLength(2)
})

test('answers with the errors that the SDK knows given bad requests', async ({ onTestFinished }) => {
  const { client, server } = await connect(onTestFinished)
  const ask = (model: string, messages: OpenAI.ChatCompletionMessageParam[], with_ = client) =>
    with_.chat.completions.create({ model, messages }).catch((error: unknown) => error)
  const anonymous = new OpenAI({
    baseURL: `${server.origin}/v1`,
    apiKey: 'sk-unused',
    maxRetries: 0,
    defaultHeaders: { authorization: null },
  })
  expect(await ask('gpt-0', REFUND)).toMatchObject({ status: 404, code: 'model_not_found' })
  expect(await ask('gpt-4.1-mini', REFUND, anonymous)).toBeInstanceOf(OpenAI.AuthenticationError)
  expect(await ask('gpt-4.1-mini', [{ role: 'user', content: 'Sing!' }])).toBeInstanceOf(OpenAI.BadRequestError)
  expect(await ask('gpt-4.1-mini', STATUS)).toMatchObject({ status: 503, code: 'server_is_overloaded' })
  expect(await client.models.list().catch((error: unknown) => error)).toBeInstanceOf(OpenAI.NotFoundError)
})

test('gives each attempt its own request id given equal requests', async ({ onTestFinished }) => {
  const { client } = await connect(onTestFinished)
  const ask = async () => {
    const error = await client.chat.completions
      .create({ model: 'gpt-4.1-mini', messages: STATUS })
      .catch((e: unknown) => e)
    return (error as { requestID?: string }).requestID
  }
  const [first, second] = [await ask(), await ask()]
  expect(first).toMatch(/^req_[0-9a-f]{32}$/)
  expect(second).toMatch(/^req_[0-9a-f]{32}$/)
  expect(second).not.toBe(first)
})
