import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openaiChat } from '../../src/providers/openai-chat.ts'
import { findProtocol, readModelFunction, readModelRequest } from '../../src/providers/registry.ts'
import {
  dataFrames,
  jsonAnswer,
  OPENAI_TOOL_JSON,
  OPENAI_TOOL_STREAM,
  post,
  rawAnswer,
  streamAnswer,
} from './wire-samples.ts'

const BODY = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] }

test.each([
  'https://api.openai.com/v1/chat/completions',
  'http://127.0.0.1:4000/chat/completions/',
  'https://gw.example.com/openai/deployments/x/chat/completions?api-version=1',
])('detects a request given the URL %s', (url) => {
  expect(findProtocol(post(url, BODY))?.id).toBe('openai-chat')
})

test.each([
  ['another path', post('https://api.openai.com/v1/embeddings', BODY)],
  ['no messages', post('https://api.openai.com/v1/chat/completions', { model: 'x' })],
  ['a GET', { ...post('https://api.openai.com/v1/chat/completions', BODY), method: 'GET' }],
  ['no body', { ...post('https://api.openai.com/v1/chat/completions', BODY), body: null }],
  ['a body that is not JSON', { ...post('https://x.test/chat/completions', BODY), body: { text: '{"mess' } }],
  ['an address that is no URL', post('/chat/completions', BODY)],
])('detects nothing given %s', (_, request) => {
  expect(findProtocol(request)).toBeNull()
})

test('reads messages, tool calls, results, tools and parameters given a request', () => {
  const found = readModelRequest(
    post('https://api.openai.com/v1/chat/completions', {
      model: 'gpt-4o',
      stream: true,
      temperature: 0.2,
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image_url', image_url: { url: 'data:x' } },
          ],
        },
        { role: 'assistant', content: null, tool_calls: OPENAI_TOOL_JSON.choices[0]?.message.tool_calls },
        { role: 'tool', tool_call_id: 'call_a1', content: 'found' },
        { role: 'tool', tool_call_id: 'call_b2', content: [{ type: 'text', text: 'fetched' }] },
        { role: 'assistant', function_call: { name: 'old', arguments: '{"a":1}' } },
        { role: 'function', name: 'old', content: 'was here' },
      ],
      tools: [
        { type: 'function', function: { name: 'search', parameters: {} } },
        { type: 'custom', custom: { name: 'grep' } },
      ],
      functions: [{ name: 'old' }],
    }),
  )
  const request = found?.request
  expect(request).toMatchObject({ model: 'gpt-4o', stream: true, tools: ['search', 'grep', 'old'] })
  expect(request?.parameters).toEqual({ temperature: 0.2 })
  expect(request?.messages.map(({ role, text }) => [role, text])).toEqual([
    ['developer', 'Be brief.'],
    ['user', 'Look\n[image_url]'],
    ['assistant', ''],
    ['tool', ''],
    ['tool', ''],
    ['assistant', ''],
    ['function', ''],
  ])
  expect(request?.messages.flatMap((message) => message.tool_calls)).toEqual([
    { id: 'call_a1', name: 'search', arguments: '{"q":"refund"}' },
    { id: 'call_b2', name: 'fetch', arguments: '{}' },
    { id: null, name: 'old', arguments: '{"a":1}' },
  ])
  expect(request?.messages.flatMap((message) => message.tool_results)).toEqual([
    { call_id: 'call_a1', name: null, text: 'found', is_error: false },
    { call_id: 'call_b2', name: null, text: 'fetched', is_error: false },
    { call_id: null, name: 'old', text: 'was here', is_error: false },
  ])
})

test('puts tool calls together given a stream of interleaved pieces', () => {
  const answer = openaiChat.readAnswer(streamAnswer(dataFrames(OPENAI_TOOL_STREAM)))
  expect(answer).toMatchObject({
    id: 'chatcmpl-A1',
    model: 'gpt-4o-2024-08-06',
    text: 'Let me löok.',
    finish_reason: 'tool_calls',
    finish: 'tool',
    usage: { input_tokens: 31, output_tokens: 17 },
    error: null,
    complete: true,
    complete_ms: 90,
  })
  expect(answer.tool_calls).toEqual([
    { id: 'call_a1', name: 'search', arguments: '{"q":"refund"}', at_ms: 70 },
    { id: 'call_b2', name: 'fetch', arguments: '{}', at_ms: 80 },
  ])
})

test('reads a character whole given a chunk that ends within it', () => {
  const bytes = Buffer.from(dataFrames(OPENAI_TOOL_STREAM).join(''))
  const middle = bytes.indexOf('ö') + 1
  const chunks = [bytes.subarray(0, middle), bytes.subarray(middle)].map((part): [number, { base64: string }] => {
    return [5, { base64: part.toString('base64') }]
  })
  expect(openaiChat.readAnswer(rawAnswer(chunks, 'text/event-stream')).text).toBe('Let me löok.')
})

test('reads the same given any split of the stream into chunks of bytes', () => {
  const bytes = Buffer.from(dataFrames(OPENAI_TOOL_STREAM).join(''))
  const whole = openaiChat.readAnswer(rawAnswer([[5, { text: bytes.toString() }]], 'text/event-stream'))
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 20 }), (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      const chunks = edges.slice(1).map((end, i): [number, { base64: string }] => {
        return [5, { base64: bytes.subarray(edges[i], end).toString('base64') }]
      })
      expect(openaiChat.readAnswer(rawAnswer(chunks, 'text/event-stream'))).toEqual(whole)
    }),
  )
})

test('never throws and never calls it complete given a stream cut before its finish reason', () => {
  const text = dataFrames(OPENAI_TOOL_STREAM).join('')
  const finish = text.indexOf('"finish_reason":"tool_calls"')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: finish }), (length) => {
      const answer = openaiChat.readAnswer(rawAnswer([[5, { text: text.slice(0, length) }]], 'text/event-stream'))
      expect(answer).toMatchObject({ complete: false, complete_ms: null, finish: null, error: null })
    }),
  )
})

test('never throws given arbitrary JSON as request, answer or event', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const holder = { messages: [value], choices: [value], tools: [value], usage: value, error: value }
      for (const body of [value, holder, { choices: [{ message: value, delta: value }] }]) {
        readModelRequest(post('https://x.test/chat/completions', body))
        openaiChat.readAnswer(jsonAnswer(body))
        openaiChat.readAnswer(jsonAnswer(body, 500))
        openaiChat.readAnswer(streamAnswer(dataFrames([body])))
      }
    }),
  )
})

test.each([
  ['an empty body', jsonAnswer('')],
  ['a body that is not JSON', jsonAnswer('<html>')],
  ['a body without choices', jsonAnswer({ ok: true })],
  ['an event that is not JSON', streamAnswer(['data: {"cho\n\n', 'data: [DONE]\n\n'])],
])('calls the answer malformed given %s', (_, answer) => {
  expect(openaiChat.readAnswer(answer)).toMatchObject({ error: { type: 'malformed_answer' }, finish: 'error' })
})

test.each([
  [
    429,
    { error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } },
    ['requests', 'rate_limit_exceeded', 'slow down'],
  ],
  [404, { error: { message: 'no model', type: 'x', code: 404 } }, ['x', '404', 'no model']],
  [400, [{ error: { message: 'in a list' } }], [null, null, 'in a list']],
  [401, { error: 'plain' }, [null, null, 'plain']],
  [422, { detail: 'fast' }, [null, null, 'fast']],
  [502, '<html>Bad Gateway</html>', [null, null, '<html>Bad Gateway</html>']],
  [503, '', [null, null, 'HTTP 503']],
])('reads the error given status %i', (status, body, [type, code, message]) => {
  expect(openaiChat.readAnswer(jsonAnswer(body, status)).error).toEqual({ type, code, message })
})

test('reads the error given one sent inside a stream of status 200', () => {
  const error = { error: { message: 'Token limit reached', code: 502 } }
  const answer = openaiChat.readAnswer(streamAnswer(dataFrames([OPENAI_TOOL_STREAM[0], error])))
  expect(answer).toMatchObject({
    error: { code: '502', message: 'Token limit reached' },
    finish: 'error',
    text: 'Let me ',
  })
})

test('reads a stream given no content type', () => {
  const [first, ...rest] = dataFrames(OPENAI_TOOL_STREAM)
  const answer = rawAnswer([[1, { text: [first, ...rest].join('') }]], '')
  expect(openaiChat.readAnswer(answer).finish).toBe('tool')
})

test('tells calls apart by id given deltas without an index', () => {
  const delta = (tool_calls: unknown[]) => ({ choices: [{ index: 0, delta: { tool_calls } }] })
  const answer = openaiChat.readAnswer(
    streamAnswer(
      dataFrames([
        delta([{ id: 'x', function: { name: 'a', arguments: '{"n":' } }]),
        delta([{ function: { arguments: '1}' } }]),
        delta([{ id: 'y', function: { name: 'b', arguments: '{}' } }]),
      ]),
    ),
  )
  expect(answer.tool_calls.map((call) => [call.id, call.name, call.arguments])).toEqual([
    ['x', 'a', '{"n":1}'],
    ['y', 'b', '{}'],
  ])
})

test('gives refusal and free text of a custom tool given a JSON answer', () => {
  const message = {
    refusal: 'I will not.',
    tool_calls: [{ id: 'c1', type: 'custom', custom: { name: 'grep', input: 'a "b"' } }],
  }
  const answer = openaiChat.readAnswer(jsonAnswer({ choices: [{ index: 0, message, finish_reason: 'stop' }] }))
  expect(answer).toMatchObject({ refusal: 'I will not.', finish: 'end' })
  expect(answer.tool_calls[0]).toMatchObject({ name: 'grep', arguments: JSON.stringify('a "b"') })
})

test('reads a wrapped model function given bodies of the protocol', () => {
  const found = readModelFunction([{ model: 'm', messages: [{ role: 'user', content: 'hi' }] }], OPENAI_TOOL_JSON)
  expect(found?.protocol.id).toBe('openai-chat')
  expect(found?.request.messages).toHaveLength(1)
  expect(found?.answer).toMatchObject({ complete: true, usage: { input_tokens: 9 }, finish: 'tool' })
  expect(readModelFunction(['hi'], 'hello')).toBeNull()
})

test.each([
  ['call_gy9cscnhxyt8k7eakmsfk6ou', true],
  ['call_1', true],
  ['chatcmpl-AfDNS84ojcC6d76W5GUgqenWbp7Pd', true],
  ['call_center', false],
  ['please call_1 now', false],
])('tells a generated id given %s', (value, expected) => {
  expect(openaiChat.generatedIdPattern.test(value)).toBe(expected)
})
