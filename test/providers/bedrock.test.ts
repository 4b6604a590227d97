import { expect, test } from 'vitest'
import { EVENT_STREAM } from '../../src/model/event-stream.ts'
import { type HttpAnswer, toPayload } from '../../src/model/interaction.ts'
import { writeEvent } from '../../src/providers/event-stream.ts'
import { readModelRequest } from '../../src/providers/registry.ts'
import { jsonAnswer, post, rawAnswer } from './wire-samples.ts'

const BASE = 'https://bedrock-runtime.us-east-1.amazonaws.com/model'
const ARN = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0'

/** One message a chunk, at 20, 30, 40 … ms. */
function streamed(messages: Buffer[]): HttpAnswer {
  return rawAnswer(
    messages.map((message, i) => [20 + 10 * i, toPayload(message)]),
    EVENT_STREAM,
  )
}

const read = (path: string, body: unknown, answer: HttpAnswer) => {
  const found = readModelRequest(post(`${BASE}/${path}`, body))
  if (found === null) throw new Error('not detected')
  return found.protocol.readAnswer(answer)
}

const HELLO = { messages: [{ role: 'user', content: [{ text: 'Hi.' }] }] }

test('reads what Converse is asked, given a conversation with tools', () => {
  const body = {
    system: [{ text: 'Be kind.' }, { cachePoint: { type: 'default' } }],
    messages: [
      { role: 'user', content: [{ text: 'Look.' }, { image: { format: 'png', source: { bytes: 'aGk=' } } }] },
      {
        role: 'assistant',
        content: [
          { reasoningContent: { reasoningText: { text: 'Hm.' } } },
          { toolUse: { toolUseId: 'tooluse_abc123456', name: 'search', input: { q: 'x' } } },
        ],
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'tooluse_abc123456', content: [{ json: { n: 1 } }], status: 'error' } },
          { toolResult: { toolUseId: 'tooluse_other1234', content: [{ text: 'fine' }] } },
        ],
      },
    ],
    toolConfig: { tools: [{ toolSpec: { name: 'search' } }, { cachePoint: { type: 'default' } }] },
    inferenceConfig: { maxTokens: 9 },
  }
  const found = readModelRequest(post(`${BASE}/${encodeURIComponent(ARN)}/converse-stream`, body))
  expect(found?.protocol.id).toBe('bedrock-converse')
  expect(found?.request).toEqual({
    model: ARN,
    stream: true,
    messages: [
      { role: 'system', text: 'Be kind.', tool_calls: [], tool_results: [] },
      { role: 'user', text: 'Look.\n[image]', tool_calls: [], tool_results: [] },
      {
        role: 'assistant',
        text: '',
        tool_calls: [{ id: 'tooluse_abc123456', name: 'search', arguments: '{"q":"x"}' }],
        tool_results: [],
      },
      {
        role: 'user',
        text: '',
        tool_calls: [],
        tool_results: [
          { call_id: 'tooluse_abc123456', name: null, text: '{"n":1}', is_error: true },
          { call_id: 'tooluse_other1234', name: null, text: 'fine', is_error: false },
        ],
      },
    ],
    tools: ['search'],
    parameters: { inferenceConfig: { maxTokens: 9 } },
  })
})

const TOOL_STREAM = [
  writeEvent('messageStart', { role: 'assistant' }),
  writeEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: 'Hm.' } } }),
  writeEvent('contentBlockStop', { contentBlockIndex: 0 }),
  writeEvent('contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'Let me look.' } }),
  writeEvent('contentBlockStart', {
    contentBlockIndex: 2,
    start: { toolUse: { toolUseId: 'tooluse_a1b2c3d4', name: 'search' } },
  }),
  writeEvent('contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '{"q":' } } }),
  writeEvent('contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '"x"}' } } }),
  writeEvent('messageStop', { stopReason: 'tool_use' }),
  writeEvent('metadata', { usage: { inputTokens: 5, outputTokens: 7, cacheReadInputTokens: 100 } }),
]

test('reads text, tools, times and usage, given a stream of Converse', () => {
  expect(read('m/converse-stream', HELLO, streamed(TOOL_STREAM))).toMatchObject({
    text: 'Let me look.',
    tool_calls: [{ id: 'tooluse_a1b2c3d4', name: 'search', arguments: '{"q":"x"}', at_ms: 80 }],
    finish_reason: 'tool_use',
    finish: 'tool',
    usage: { input_tokens: 105, output_tokens: 7 },
    error: null,
    complete: true,
    complete_ms: 90,
  })
})

test('reads no end into a stream that broke off, and an error into one that is damaged or ends in an exception', () => {
  const cut = read('m/converse-stream', HELLO, streamed(TOOL_STREAM.slice(0, 6)))
  expect(cut).toMatchObject({ complete: false, finish: null, error: null, text: 'Let me look.' })
  const damaged = Buffer.from(TOOL_STREAM[6] as Buffer)
  damaged[40] = 1
  const broken = read('m/converse-stream', HELLO, streamed([...TOOL_STREAM.slice(0, 6), damaged]))
  expect(broken.error).toMatchObject({ type: 'malformed_answer' })
  const slow = writeEvent('throttlingException', { message: 'Too many tokens.' }, 'exception')
  const refused = read('m/converse-stream', HELLO, streamed([...TOOL_STREAM.slice(0, 4), slow]))
  expect(refused).toMatchObject({
    error: { type: 'throttlingException', code: null, message: 'Too many tokens.' },
    finish: 'error',
    complete: false,
  })
  const chunk = read('m/invoke-with-response-stream', { prompt: 'x' }, streamed([slow]))
  expect(chunk.error).toMatchObject({ type: 'throttlingException' })
})

test('reads the type of an error from its header, given a status of 4xx', () => {
  const answer = jsonAnswer({ message: 'Slow down.' }, 429)
  answer.headers.push(['x-amzn-errortype', 'ThrottlingException:http://internal.amazon.com/'])
  answer.headers.push(['x-amzn-requestid', 'r-1'])
  expect(read('m/converse', HELLO, answer)).toMatchObject({
    id: 'r-1',
    error: { type: 'ThrottlingException', message: 'Slow down.' },
    complete: true,
  })
  expect(read('m/converse', HELLO, jsonAnswer({ oops: 1 })).error?.type).toBe('malformed_answer')
  expect(read('m/invoke', { prompt: 'x' }, jsonAnswer({ oops: 1 })).error?.type).toBe('malformed_answer')
})

const INVOKED: [name: string, asked: unknown, says: unknown, text: string, finish: string, user: string][] = [
  [
    'Anthropic',
    { anthropic_version: 'bedrock-2023-05-31', max_tokens: 9, messages: [{ role: 'user', content: 'Hi.' }] },
    { type: 'message', id: 'msg_1', content: [{ type: 'text', text: 'Hello.' }], stop_reason: 'end_turn' },
    'Hello.',
    'end',
    'Hi.',
  ],
  [
    'Nova',
    { messages: [{ role: 'user', content: [{ text: 'Hi.' }] }], inferenceConfig: {} },
    { output: { message: { role: 'assistant', content: [{ text: 'Hello.' }] } }, stopReason: 'max_tokens' },
    'Hello.',
    'length',
    'Hi.',
  ],
  [
    'Titan',
    { inputText: 'Hi.' },
    { results: [{ outputText: 'Hello.', completionReason: 'FINISH' }] },
    'Hello.',
    'end',
    'Hi.',
  ],
  ['Llama', { prompt: 'Hi.' }, { generation: 'Hello.', stop_reason: 'length' }, 'Hello.', 'length', 'Hi.'],
  ['Mistral', { prompt: 'Hi.' }, { outputs: [{ text: 'Hello.', stop_reason: 'stop' }] }, 'Hello.', 'end', 'Hi.'],
  [
    'Cohere',
    { message: 'Hi.', chat_history: [{ role: 'USER', message: 'Before.' }] },
    { text: 'Hello.', finish_reason: 'COMPLETE' },
    'Hello.',
    'end',
    'Before.',
  ],
  [
    'AI21',
    { messages: [{ role: 'user', content: 'Hi.' }] },
    { choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }] },
    'Hello.',
    'end',
    'Hi.',
  ],
]

test.each(INVOKED)('reads the body of %s given an invocation', (_name, asked, says, text, finish, user) => {
  const answer = jsonAnswer(says)
  answer.headers.push(['X-Amzn-Bedrock-Input-Token-Count', '3'], ['X-Amzn-Bedrock-Output-Token-Count', '4'])
  const found = readModelRequest(post(`${BASE}/m/invoke`, asked))
  expect(found?.request.messages[0]).toMatchObject({ role: expect.stringMatching(/^user$/i), text: user })
  const counted = { input_tokens: 3, output_tokens: 4 }
  expect(found?.protocol.readAnswer(answer)).toMatchObject({ text, finish, error: null, complete: true })
  if (!['Anthropic', 'Nova'].includes(_name)) expect(found?.protocol.readAnswer(answer).usage).toEqual(counted)
})

const STREAMED: [name: string, pieces: object[]][] = [
  ['Titan', [{ outputText: 'Hel' }, { outputText: 'lo.', completionReason: 'FINISH' }]],
  [
    'Llama',
    [
      { generation: 'Hel', stop_reason: null },
      { generation: 'lo.', stop_reason: 'stop' },
    ],
  ],
  ['Mistral', [{ outputs: [{ text: 'Hel', stop_reason: null }] }, { outputs: [{ text: 'lo.', stop_reason: 'stop' }] }]],
  [
    'Cohere',
    [
      { event_type: 'text-generation', text: 'Hello.' },
      { event_type: 'stream-end', finish_reason: 'COMPLETE', response: { text: 'Hello.' } },
    ],
  ],
  [
    'Nova',
    [
      { messageStart: { role: 'assistant' } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Hello.' } } },
      { messageStop: { stopReason: 'end_turn' } },
    ],
  ],
]

test.each(STREAMED)('reads the pieces of %s given a streamed invocation', (_name, pieces) => {
  const metrics = { 'amazon-bedrock-invocationMetrics': { inputTokenCount: 3, outputTokenCount: 4 } }
  const messages = pieces.map((piece, index) => {
    const whole = index === pieces.length - 1 ? { ...piece, ...metrics } : piece
    return writeEvent('chunk', { bytes: Buffer.from(JSON.stringify(whole)).toString('base64') })
  })
  expect(read('m/invoke-with-response-stream', { prompt: 'Hi.' }, streamed(messages))).toMatchObject({
    text: 'Hello.',
    finish: 'end',
    complete: true,
    usage: { input_tokens: 3, output_tokens: 4 },
    error: null,
  })
  const cut = read('m/invoke-with-response-stream', { prompt: 'Hi.' }, streamed(messages.slice(0, -1)))
  expect(cut).toMatchObject({ complete: false, finish: null, error: null })
})

test.each([
  ['amazon.titan-embed-text-v2%3A0', { inputText: 'Hi.' }],
  ['amazon.nova-2-multimodal-embeddings-v1%3A0', { taskType: 'SINGLE_EMBEDDING' }],
  ['cohere.rerank-v3-5%3A0', { query: 'refund', documents: ['a', 'b'] }],
  [
    encodeURIComponent('arn:aws:bedrock:us-east-1:1:provisioned-model/a1'),
    { texts: ['a'], input_type: 'search_query' },
  ],
  [encodeURIComponent('arn:aws:bedrock:us-east-1:1:provisioned-model/a1'), { query: 'a', documents: ['b'] }],
])('is no turn of a conversation given an invocation of %s that embeds or ranks', (model, body) => {
  expect(readModelRequest(post(`${BASE}/${model}/invoke`, body))).toBeNull()
})
