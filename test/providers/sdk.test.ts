import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asPayload, type HttpAnswer, type HttpRequest } from '../../src/model/interaction.ts'
import { anthropicMessages } from '../../src/providers/anthropic-messages.ts'
import { openaiChat } from '../../src/providers/openai-chat.ts'
import { openaiResponses } from '../../src/providers/openai-responses.ts'
import { readModelRequest } from '../../src/providers/registry.ts'
import {
  ANTHROPIC_TOOL_JSON,
  ANTHROPIC_TOOL_STREAM,
  dataFrames,
  jsonAnswer,
  namedFrames,
  OPENAI_TOOL_JSON,
  OPENAI_TOOL_STREAM,
  RESPONSE,
  RESPONSE_EVENTS,
  rawAnswer,
} from './wire-samples.ts'

let server: Server
let base: string
let reply: HttpAnswer
let asked: HttpRequest

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    asked = { method: request.method ?? '', url: `${base}${request.url}`, headers: [], body: { text: body } }
    response.writeHead(reply.status, reply.headers.flat())
    for (const [, payload] of reply.chunks) {
      response.write('text' in payload ? payload.text : Buffer.from(payload.base64, 'base64'))
    }
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** A stream in pieces of seven bytes, which split characters, lines and events. */
function inPieces(frames: string[]): HttpAnswer {
  const bytes = Buffer.from(frames.join(''))
  const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i): [number, { base64: string }] => {
    return [i, { base64: bytes.subarray(7 * i, 7 * i + 7).toString('base64') }]
  })
  return rawAnswer(chunks, 'text/event-stream')
}

function openai(): OpenAI {
  return new OpenAI({ apiKey: 'none', baseURL: `${base}/v1`, maxRetries: 0 })
}

function anthropic(): Anthropic {
  return new Anthropic({ apiKey: 'none', baseURL: base, maxRetries: 0 })
}

const openaiTools: OpenAI.ChatCompletionTool[] = [
  { type: 'function', function: { name: 'search', parameters: { type: 'object' } } },
]
const openaiMessages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Look.' }]

function expectEqualOpenai(completion: OpenAI.ChatCompletion): void {
  const answer = openaiChat.readAnswer(reply)
  const choice = completion.choices[0]
  const calls = choice?.message.tool_calls?.map(
    (call) => call.type === 'function' && [call.id, call.function.name, call.function.arguments],
  )
  expect(answer.complete).toBe(true)
  expect(answer.text).toBe(choice?.message.content ?? '')
  expect(answer.tool_calls.map((call) => [call.id, call.name, call.arguments])).toEqual(calls)
  expect(answer.finish_reason).toBe(choice?.finish_reason)
  expect([answer.id, answer.model]).toEqual([completion.id, completion.model])
  expect(answer.usage?.input_tokens).toBe(completion.usage?.prompt_tokens)
  expect(answer.usage?.output_tokens).toBe(completion.usage?.completion_tokens)
}

test('reads what the OpenAI client reads given a JSON answer with tool calls', async () => {
  reply = jsonAnswer(OPENAI_TOOL_JSON)
  expectEqualOpenai(await openai().chat.completions.create({ model: 'm', messages: openaiMessages }))
})

test('reads what the OpenAI client reads given a stream of parallel tool calls', async () => {
  reply = inPieces(dataFrames(OPENAI_TOOL_STREAM))
  const stream = openai().chat.completions.stream({ model: 'm', messages: openaiMessages, tools: openaiTools })
  expectEqualOpenai(await stream.finalChatCompletion())
})

test('reads the error that the OpenAI client throws given status 429', async () => {
  reply = jsonAnswer({ error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } }, 429)
  const error = await openai()
    .chat.completions.create({ model: 'm', messages: openaiMessages })
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(OpenAI.APIError)
  const { type, code } = error as InstanceType<typeof OpenAI.APIError>
  expect(openaiChat.readAnswer(reply).error).toEqual({ type, code, message: 'slow down' })
})

test('reads the error that the OpenAI client throws given one inside a stream', async () => {
  reply = inPieces(
    dataFrames([OPENAI_TOOL_STREAM[0], { error: { message: 'too long', code: 'context_length_exceeded' } }]),
  )
  const stream = openai().chat.completions.stream({ model: 'm', messages: openaiMessages })
  const error = await stream.finalChatCompletion().catch((thrown: unknown) => thrown)
  expect((error as { code?: string }).code).toBe(openaiChat.readAnswer(reply).error?.code)
})

test('reads the request that the OpenAI client makes', async () => {
  reply = jsonAnswer(OPENAI_TOOL_JSON)
  await openai().chat.completions.create({
    model: 'gpt-4o',
    temperature: 0,
    tools: openaiTools,
    messages: [
      ...openaiMessages,
      {
        role: 'assistant',
        tool_calls: [{ id: 'call_a1', type: 'function', function: { name: 'search', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'call_a1', content: 'found' },
    ],
  })
  const found = readModelRequest(asked)
  expect(found?.protocol.id).toBe('openai-chat')
  expect(found?.request).toMatchObject({
    model: 'gpt-4o',
    stream: false,
    tools: ['search'],
    parameters: { temperature: 0 },
  })
  expect(found?.request.messages[2]?.tool_results).toEqual([
    { call_id: 'call_a1', name: null, text: 'found', is_error: false },
  ])
})

function expectEqualResponse(response: OpenAI.Responses.Response): void {
  const answer = openaiResponses.readAnswer(reply)
  const calls = response.output.flatMap((item) =>
    item.type === 'function_call' ? [[item.call_id, item.name, item.arguments]] : [],
  )
  expect(answer).toMatchObject({ complete: true, error: null, finish: 'tool', text: response.output_text })
  expect(answer.tool_calls.map((call) => [call.id, call.name, call.arguments])).toEqual(calls)
  expect([answer.id, answer.model, answer.finish_reason]).toEqual([response.id, response.model, response.status])
  expect(answer.usage?.input_tokens).toBe(response.usage?.input_tokens)
  expect(answer.usage?.output_tokens).toBe(response.usage?.output_tokens)
}

test('reads what the OpenAI client reads given a response with tool calls', async () => {
  reply = jsonAnswer(RESPONSE)
  expectEqualResponse(await openai().responses.create({ model: 'm', input: 'Look.' }))
})

test('reads what the OpenAI client reads given a response of events', async () => {
  reply = inPieces(namedFrames(RESPONSE_EVENTS))
  expectEqualResponse(await openai().responses.stream({ model: 'm', input: 'Look.' }).finalResponse())
})

test('reads the same given a response of events up to the last but one', () => {
  reply = inPieces(namedFrames(RESPONSE_EVENTS.slice(0, -1)))
  const broken = openaiResponses.readAnswer(reply)
  reply = inPieces(namedFrames(RESPONSE_EVENTS))
  const { text, tool_calls } = openaiResponses.readAnswer(reply)
  expect(broken).toMatchObject({ text, tool_calls, complete: false, finish: null })
})

test('writes a response that the OpenAI client reads', async () => {
  const said = { id: '0123456789abcdef', text: 'Done.', tool_calls: [{ name: 'search', arguments: { q: 1 } }] }
  const request = { model: 'm', messages: [], tools: [], parameters: {} }
  for (const stream of [false, true]) {
    const { content_type, body = '' } = openaiResponses.writeAnswer({ ...request, stream }, said) ?? {}
    reply = rawAnswer([[1, asPayload(body)]], content_type ?? '')
    const asked = { model: 'm', input: 'Look.' }
    const client = openai().responses
    expectEqualResponse(await (stream ? client.stream(asked).finalResponse() : client.create(asked)))
  }
})

test('reads the error that the OpenAI client throws given one inside a response of events', async () => {
  const error = { type: 'error', error: { type: 'requests', code: 'rate_limit_exceeded', message: 'Slow down.' } }
  reply = inPieces(namedFrames([...RESPONSE_EVENTS.slice(0, 3), error]))
  const thrown = await openai()
    .responses.stream({ model: 'm', input: 'Look.' })
    .finalResponse()
    .catch((cause: unknown) => cause)
  expect((thrown as { code?: string }).code).toBe(openaiResponses.readAnswer(reply).error?.code)
})

test('reads what the OpenAI client reads given embeddings', async () => {
  reply = jsonAnswer({
    object: 'list',
    model: 'text-embedding-3-small',
    data: [{ object: 'embedding', index: 0, embedding: 'AACAPgAAAL8AAEA/' }],
    usage: { prompt_tokens: 4, total_tokens: 4 },
  })
  const { usage } = await openai().embeddings.create({ model: 'm', input: 'Look.' })
  const found = readModelRequest(asked)
  expect(found).toMatchObject({ protocol: { id: 'openai-embeddings' }, request: { model: 'm', messages: [] } })
  expect(found?.protocol.readAnswer(reply)).toMatchObject({
    text: '',
    tool_calls: [],
    complete: true,
    error: null,
    usage: { input_tokens: usage.prompt_tokens, output_tokens: 0 },
  })
})

const anthropicBody = { model: 'claude', max_tokens: 9, messages: [{ role: 'user' as const, content: 'Look.' }] }

function expectEqualAnthropic(message: Anthropic.Message): void {
  const answer = anthropicMessages.readAnswer(reply)
  const texts = message.content.flatMap((block) => (block.type === 'text' ? block.text : []))
  const calls = message.content.flatMap((block) =>
    block.type === 'tool_use' ? [[block.id, block.name, block.input]] : [],
  )
  const {
    input_tokens,
    cache_creation_input_tokens: made,
    cache_read_input_tokens: read,
    output_tokens,
  } = message.usage
  expect(answer.complete).toBe(true)
  expect(answer.text).toBe(texts.join(''))
  expect(answer.tool_calls.map((call) => [call.id, call.name, JSON.parse(call.arguments)])).toEqual(calls)
  expect(answer.finish_reason).toBe(message.stop_reason)
  expect([answer.id, answer.model]).toEqual([message.id, message.model])
  expect(answer.usage).toEqual({ input_tokens: input_tokens + (made ?? 0) + (read ?? 0), output_tokens })
}

test('reads what the Anthropic client reads given a JSON answer with tool calls', async () => {
  reply = jsonAnswer(ANTHROPIC_TOOL_JSON)
  expectEqualAnthropic(await anthropic().messages.create(anthropicBody))
})

test('reads what the Anthropic client reads given a stream of parallel tool calls', async () => {
  reply = inPieces(namedFrames(ANTHROPIC_TOOL_STREAM))
  expectEqualAnthropic(await anthropic().messages.stream(anthropicBody).finalMessage())
})

test('reads the error that the Anthropic client throws given one inside a stream', async () => {
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
  reply = inPieces(namedFrames([...ANTHROPIC_TOOL_STREAM.slice(0, 4), error]))
  const thrown = await anthropic()
    .messages.stream(anthropicBody)
    .finalMessage()
    .catch((cause: unknown) => cause)
  expect(thrown).toBeInstanceOf(Anthropic.APIError)
  expect((thrown as { type?: string }).type).toBe(anthropicMessages.readAnswer(reply).error?.type)
})

test('reads the request that the Anthropic client makes', async () => {
  reply = jsonAnswer(ANTHROPIC_TOOL_JSON)
  await anthropic().messages.create({
    ...anthropicBody,
    system: 'Be brief.',
    tools: [{ name: 'search', input_schema: { type: 'object' } }],
    messages: [
      ...anthropicBody.messages,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'search', input: { q: 1 } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'gone', is_error: true }] },
    ],
  })
  const found = readModelRequest(asked)
  expect(found?.protocol.id).toBe('anthropic-messages')
  expect(found?.request).toMatchObject({ model: 'claude', tools: ['search'], parameters: { max_tokens: 9 } })
  expect(found?.request.messages.map((message) => message.role)).toEqual(['system', 'user', 'assistant', 'user'])
  expect(found?.request.messages[3]?.tool_results).toEqual([
    { call_id: 'toolu_1', name: null, text: 'gone', is_error: true },
  ])
})
